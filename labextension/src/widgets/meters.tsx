import type { TranslationBundle } from '@jupyterlab/translation';
import { memo } from 'react';

import { formatPercent, formatValue } from '../format';

interface IProgressBarProps {
  /** 0 to 1; null while the end is not known. */
  share: number | null;
  label: string;
}

/** How far something is, as a bar. */
export function ProgressBar({ share, label }: IProgressBarProps): JSX.Element {
  return (
    <div
      className="jp-Platform-progress"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === null ? undefined : Math.floor(share * 100)}
      aria-valuetext={share === null ? undefined : formatPercent(share)}
    >
      <div
        className={share === null ? 'jp-mod-indeterminate' : undefined}
        style={{ width: share === null ? undefined : `${share * 100}%` }}
      />
    </div>
  );
}

const WIDTH = 56;
const HEIGHT = 16;

interface ISparklineProps {
  points: readonly number[];
  /** What is drawn, such as `loss`. */
  name: string;
  trans: TranslationBundle;
}

/** A small curve, with words for those who do not see it. */
export const Sparkline = memo(function Sparkline({
  points,
  name,
  trans
}: ISparklineProps): JSX.Element {
  if (points.length < 2) {
    return <span className="jp-Platform-sparkline" />;
  }
  const low = Math.min(...points);
  const high = Math.max(...points);
  const text = trans.__(
    '%1: from %2 to %3, lowest %4',
    name,
    formatValue(points[0]),
    formatValue(points[points.length - 1]),
    formatValue(low)
  );
  const line = points
    .map((value, index) => {
      const x = (index / (points.length - 1)) * (WIDTH - 2) + 1;
      const y = high > low ? (high - value) / (high - low) : 0.5;
      return `${x.toFixed(1)},${(y * (HEIGHT - 3) + 1.5).toFixed(1)}`;
    })
    .join(' ');
  return (
    <svg
      className="jp-Platform-sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={text}
    >
      <title>{text}</title>
      <polyline points={line} />
    </svg>
  );
});
