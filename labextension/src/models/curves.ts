import type { TranslationBundle } from '@jupyterlab/translation';

import type { IMetrics, ISeriesPoints } from '../wire';

/** Values of one kind, which share an axis: `loss`, `score`, or the name of anything else. */
export type CurveKind = string;

/** Series that are drawn in one plot. */
export interface ICurveGroup {
  readonly kind: CurveKind;
  /** Names of the series, sorted so that training comes before validation. */
  readonly names: readonly string[];
}

/** A value this many times the median of its series is off the scale. */
const OFF_SCALE = 1e6;
/** Series with fewer points are drawn as they are: smoothing would hide them. */
const FEWEST_SMOOTHED = 100;

const SCORE = /(^|_)(accuracy|precision|recall|f1|auc|share|top_?\d+)$/;
/** What an agent's episodes bring. */
const RETURN = 'return';
const SPLIT = /^(train|training|validation|val|test)_/;

/** What a series measures, without the rank of its process and the like of `recall@5`. */
function baseOf(name: string): string {
  return name.replace(/@\d+$/, '');
}

/** What people read for a series. */
export function seriesLabel(
  name: string,
  rank: number,
  trans: TranslationBundle
): string {
  const words = (rank ? baseOf(name) : name).replace(/_/g, ' ');
  return rank ? trans.__('%1 (rank %2)', words, rank) : words;
}

/** Which axis a series belongs to. */
export function kindOf(series: string): CurveKind {
  const name = baseOf(series);
  if (/(^|_)loss$/.test(name)) {
    return 'loss';
  }
  return SCORE.test(name) ? 'score' : measureOf(name);
}

/** Whether the highest value of a series is its best, as of scores and returns. */
export function isHigherBetter(name: string): boolean {
  return kindOf(name) === 'score' || measureOf(name) === RETURN;
}

/** What a series measures, on whatever part of the data. */
export function measureOf(name: string): string {
  return baseOf(name).replace(SPLIT, '');
}

/** Put series of one kind together: losses first, then scores from 0 to 1. */
export function groupSeries(names: readonly string[]): ICurveGroup[] {
  const groups = new Map<CurveKind, string[]>();
  for (const name of [...names].sort(byRole)) {
    const kind = kindOf(name);
    groups.set(kind, [...(groups.get(kind) ?? []), name]);
  }
  const rank = (kind: CurveKind): number => {
    const at = ['loss', 'score', RETURN].indexOf(kind);
    return at < 0 ? 3 : at;
  };
  return [...groups]
    .map(([kind, members]) => ({ kind, names: members }))
    .sort(
      (one, other) =>
        rank(one.kind) - rank(other.kind) || one.kind.localeCompare(other.kind)
    );
}

function byRole(one: string, other: string): number {
  const held = (name: string): number => (SPLIT.test(name) ? 1 : 0);
  return (
    held(one) - held(other) ||
    one.localeCompare(other, undefined, { numeric: true })
  );
}

/** The steps over which there is any series. */
export function extentOf({ series }: IMetrics): {
  start: number;
  stop: number;
} {
  const steps = Object.values(series).filter(({ step }) => step.length);
  const firsts = steps.map(({ step }) => step[0]);
  const lasts = steps.map(({ step }) => step[step.length - 1]);
  return steps.length
    ? { start: Math.min(...firsts), stop: Math.max(...lasts) + 1 }
    : { start: 0, stop: 1 };
}

/** A value that is drawn; null where there is a gap, undefined where there is nothing. */
export type Cell = number | null | undefined;

/** One series as it is drawn. All columns are as long as the steps. */
export interface ICurve {
  readonly name: string;
  /** Process of a gang that recorded it. */
  readonly rank: number;
  readonly mean: Cell[];
  readonly low: Cell[];
  readonly high: Cell[];
  /** The same as `mean` where the series is not smoothed. */
  readonly smooth: Cell[];
  readonly isSmoothed: boolean;
  /** Steps at which there is something that cannot be drawn. */
  readonly marks: readonly number[];
}

/** Curves over the same steps. */
export interface ICurveTable {
  readonly steps: number[];
  readonly curves: readonly ICurve[];
}

/** How curves are drawn. */
export interface ICurveStyle {
  /** 0: not at all; below 1. */
  readonly smoothing: number;
  readonly isLog: boolean;
}

/**
 * Bring series onto common steps.
 *
 * @param series - the series in the order in which they are drawn
 */
export function tabulate(
  series: readonly (readonly [string, ISeriesPoints])[],
  style: ICurveStyle
): ICurveTable {
  const all = new Set<number>();
  series.forEach(([, points]) => points.step.forEach(step => all.add(step)));
  const steps = [...all].sort((one, other) => one - other);
  const index = new Map(steps.map((step, position) => [step, position]));
  const curves = series.map(([name, points]) =>
    spread(name, points.rank, drawable(points, style), index, style)
  );
  return { steps, curves };
}

interface IDrawable {
  step: readonly number[];
  mean: Cell[];
  low: Cell[];
  high: Cell[];
  /** Points before thinning. */
  points: number;
}

/** Leave out what an axis cannot show. */
function drawable(points: ISeriesPoints, { isLog }: ICurveStyle): IDrawable {
  const limit = scaleLimit(points);
  const fits = (value: number | null): value is number =>
    value !== null && Math.abs(value) <= limit && (!isLog || value > 0);
  const mean = points.mean.map(value => (fits(value) ? value : null));
  const edge = (values: readonly (number | null)[]): Cell[] =>
    values.map((value, at) => (fits(value) ? value : mean[at]));
  return {
    step: points.step,
    mean,
    low: edge(points.min).map((value, at) =>
      mean[at] === null ? null : value
    ),
    high: edge(points.max).map((value, at) =>
      mean[at] === null ? null : value
    ),
    points: points.points
  };
}

/** The largest size that is drawn: one value of 1e300 would flatten all others. */
export function scaleLimit({ mean }: Pick<ISeriesPoints, 'mean'>): number {
  const sizes = mean
    .filter(value => value !== null)
    .map(Math.abs)
    .sort((one, other) => one - other);
  const median = sizes.length ? sizes[(sizes.length - 1) >> 1] : 0;
  return Math.max(median, 1) * OFF_SCALE;
}

function spread(
  name: string,
  rank: number,
  { step, mean, low, high, points }: IDrawable,
  index: ReadonlyMap<number, number>,
  { smoothing }: ICurveStyle
): ICurve {
  const isSmoothed = smoothing > 0 && points >= FEWEST_SMOOTHED;
  const place = (values: readonly Cell[]): Cell[] => {
    const column = new Array<Cell>(index.size).fill(undefined);
    values.forEach((value, at) => {
      column[index.get(step[at]) ?? 0] = value;
    });
    return column;
  };
  const placed = place(mean);
  return {
    name,
    rank,
    mean: placed,
    low: place(low),
    high: place(high),
    smooth: isSmoothed ? place(smooth(mean, smoothing)) : placed,
    isSmoothed,
    marks: step.filter((_, at) => mean[at] === null)
  };
}

/**
 * Average exponentially, without the bias towards zero at the beginning.
 *
 * @param values - gaps stay gaps and do not weigh
 * @param weight - of what was before, 0 to below 1
 *
 * Source: the correction of Kingma and Ba, "Adam", arXiv 1412.6980, section 3.
 */
export function smooth(values: readonly Cell[], weight: number): Cell[] {
  let sum = 0;
  let mass = 0;
  return values.map(value => {
    if (value === null || value === undefined) {
      return value;
    }
    sum = weight * sum + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return sum / mass;
  });
}

/** Where a series goes at its end, with the two means that say so. */
export interface ITrend {
  readonly word: 'falling' | 'rising' | 'level';
  readonly from: number;
  readonly to: number;
}

/** Part of its value by which a series may change and still be level. */
const LEVEL = 0.01;

/** A series in a few numbers, for those who do not see the plot. */
export interface ISummary {
  readonly last: number | null;
  readonly best: number | null;
  readonly bestStep: number | null;
  /** Null where there are too few points, or they do not agree. */
  readonly trend: ITrend | null;
  /** Points that are NaN or infinite. */
  readonly nonfinite: number;
  /** The value farthest off the scale; null when none is. */
  readonly offScale: number | null;
}

/** Say what a series comes to: its best value is the highest or the lowest, as its name tells. */
export function summarise(name: string, points: ISeriesPoints): ISummary {
  const limit = scaleLimit(points);
  const finite = points.mean.filter(
    value => value !== null && Math.abs(value) <= limit
  ) as number[];
  const best = bestOf(points, isHigherBetter(name), limit);
  return {
    last: finite.at(-1) ?? null,
    best: best && best.value,
    bestStep: best && points.step[best.at],
    trend: trendOf(finite),
    nonfinite: points.nonfinite,
    offScale: farthest(points, limit)
  };
}

/** The highest or the lowest value that is not off the scale, and where it is. */
function bestOf(
  { min, max }: ISeriesPoints,
  highest: boolean,
  limit: number
): { value: number; at: number } | null {
  const sign = highest ? 1 : -1;
  let best: { value: number; at: number } | null = null;
  (highest ? max : min).forEach((value, at) => {
    const fits = value !== null && Math.abs(value) <= limit;
    if (fits && (best === null || sign * value > sign * best.value)) {
      best = { value, at };
    }
  });
  return best;
}

/**
 * Compare the mean of the last fifth with that of the fifth before it.
 *
 * A word that the last value speaks against is not said.
 */
function trendOf(values: readonly number[]): ITrend | null {
  const length = Math.floor(values.length / 5);
  if (length < 1) {
    return null;
  }
  const mean = (part: readonly number[]): number =>
    part.reduce((sum, value) => sum + value / part.length, 0);
  const to = mean(values.slice(-length));
  const from = mean(values.slice(-2 * length, -length));
  const change = to - from;
  if (Math.abs(change) < LEVEL * Math.max(Math.abs(from), 1e-12)) {
    return { word: 'level', from, to };
  }
  const isBorneOut = change * (values[values.length - 1] - from) > 0;
  return isBorneOut
    ? { word: change < 0 ? 'falling' : 'rising', from, to }
    : null;
}

function farthest({ min, max }: ISeriesPoints, limit: number): number | null {
  let found: number | null = null;
  for (const value of [...min, ...max]) {
    const off = value !== null && Math.abs(value) > limit;
    if (off && Math.abs(value) > Math.abs(found ?? 0)) {
      found = value;
    }
  }
  return found;
}
