import type { TranslationBundle } from '@jupyterlab/translation';

import type { IPrimaryMetric, IJobProgress } from './wire';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration as `42 s`, `14 min`, `2 h 05 min` or `3 days`. */
export function formatDuration(
  seconds: number,
  trans: TranslationBundle
): string {
  const whole = Math.round(Math.max(seconds, 0));
  if (whole < MINUTE) {
    return trans.__('%1 s', whole);
  }
  if (whole < HOUR) {
    return trans.__('%1 min', Math.floor(whole / MINUTE));
  }
  if (whole < 2 * DAY) {
    const minutes = Math.floor((whole % HOUR) / MINUTE);
    return trans.__(
      '%1 h %2 min',
      Math.floor(whole / HOUR),
      String(minutes).padStart(2, '0')
    );
  }
  return trans.__('%1 days', Math.floor(whole / DAY));
}

/**
 * How long ago something was, in one unit: `just now`, `2 h ago`.
 *
 * @param iso - when it was
 * @param now - milliseconds since the epoch
 */
export function formatAgo(
  iso: string,
  trans: TranslationBundle,
  now = Date.now()
): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (seconds < 10) {
    return trans.__('just now');
  }
  if (seconds < HOUR) {
    return trans.__('%1 ago', formatDuration(seconds, trans));
  }
  return seconds < 2 * DAY
    ? trans.__('%1 h ago', Math.floor(seconds / HOUR))
    : trans.__('%1 days ago', Math.floor(seconds / DAY));
}

/**
 * How long ago something was in the fewest characters: `now`, `14 min`, `2 h`, `3 d`.
 *
 * @param iso - when it was
 * @param now - milliseconds since the epoch
 */
export function formatAge(
  iso: string,
  trans: TranslationBundle,
  now = Date.now()
): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (seconds < 10) {
    return trans.__('now');
  }
  if (seconds < HOUR) {
    return formatDuration(seconds, trans);
  }
  return seconds < 2 * DAY
    ? trans.__('%1 h', Math.floor(seconds / HOUR))
    : trans.__('%1 d', Math.floor(seconds / DAY));
}

/** A time as `2026-11-22 05:38:09 UTC`. */
export function formatUtc(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime())
    ? iso
    : `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

// Made once: to make one takes longer than all else that a row of a list needs.
const SEPARATED = new Intl.NumberFormat('en-US');

/** A whole number with separators: `28,400`. */
export function formatCount(count: number): string {
  return SEPARATED.format(count);
}

/** A size as `1.5 GB`, in decimal units. */
export function formatBytes(bytes: number): string {
  let size = bytes;
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (Math.abs(size) < 999.5) {
      const digits = unit === 'B' || Math.abs(size) >= 99.95 ? 0 : 1;
      return `${size.toFixed(digits)} ${unit}`;
    }
    size /= 1000;
  }
  return `${size.toFixed(1)} TB`;
}

/** A measured value with three significant digits; a dash where it is not finite. */
export function formatValue(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) {
    return '–';
  }
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    return value.toExponential(1);
  }
  return size >= 1000 ? formatCount(Math.round(value)) : value.toPrecision(3);
}

/** The share that is done, 0 to 1; null where the end is not known. */
export function fraction(progress: IJobProgress | null): number | null {
  return progress?.total ? Math.min(progress.step / progress.total, 1) : null;
}

/** A share as `71 %`; never 100 before the end. */
export function formatPercent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}

/** What a job came to is called, as `acc`: rows are narrow. */
export function headlineName({ name }: IPrimaryMetric): string {
  return name.replace('validation ', 'val ').replace('accuracy', 'acc');
}

/** What a job came to and by what it was judged, as `acc 0.981 (test, 360 samples)`. */
export function formatHeadline(headline: IPrimaryMetric): string {
  const score = `${headlineName(headline)} ${formatValue(headline.value)}`;
  return headline.on ? `${score} (${headline.on})` : score;
}

/** The series by which a running job is followed: what it learns, or what its agents reach. */
const FOLLOWED = ['loss', 'return'] as const;

/** Name of the series by which a running job is followed; null before it has a value. */
export function followedSeries(
  progress: IJobProgress | null
): 'loss' | 'return' | null {
  return FOLLOWED.find(name => progress && name in progress.values) ?? null;
}

/** How a running job does, as `loss 0.310` or `return 21.5`; null before it has a value. */
export function formatFollowed(
  progress: IJobProgress,
  trans: TranslationBundle
): string | null {
  const name = followedSeries(progress);
  if (name === null) {
    return null;
  }
  const value = formatValue(progress.values[name]);
  return name === 'loss'
    ? trans.__('loss %1', value)
    : trans.__('return %1', value);
}

/** How far a job is, as `it 28,400/40,000`. */
export function formatSteps(progress: IJobProgress): string {
  const step = formatCount(progress.step);
  return progress.total === null
    ? `${progress.unit} ${step}`
    : `${progress.unit} ${step}/${formatCount(progress.total)}`;
}
