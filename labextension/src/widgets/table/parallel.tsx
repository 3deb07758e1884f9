import type { TranslationBundle } from '@jupyterlab/translation';

import { formatValue } from '../../format';
import { isBetter } from '../../models/job-columns';
import type { IPrimaryMetric, IJob } from '../../wire';
import { CommandIDs } from '../../tokens';
import { run, useViewContext } from '../view-context';

const HEIGHT = 220;
const TOP = 34;
const BOTTOM = 26;
const MARGIN = 36;
/** Values above zero that span as much are placed by their logarithm. */
const LOG_SPAN = 100;

interface IScored {
  readonly job: IJob;
  readonly score: IPrimaryMetric & { value: number };
}

interface IAxis {
  readonly label: string;
  /** Height of each job on it, 0 to 1. */
  readonly places: readonly number[];
  readonly low: string;
  readonly high: string;
}

/** The jobs of a sweep as lines through their options to their score; the best is drawn thick. */
export function Parallel({
  jobs,
  width
}: {
  jobs: readonly IJob[];
  width: number;
}): JSX.Element | null {
  const { commands, trans } = useViewContext();
  const scored = jobs.flatMap(job =>
    job.headline && job.headline.value !== null
      ? [{ job, score: job.headline as IScored['score'] }]
      : []
  );
  if (scored.length < 2 || width === 0) {
    return null;
  }
  const metric = scored[0].score.name;
  const shown = scored.filter(({ score }) => score.name === metric);
  const axes = axesOf(shown, metric);
  const best = shown.reduce((found, item) =>
    isBetter(metric, item.score.value, found.score.value) ? item : found
  );
  const x = (at: number): number =>
    MARGIN + (at * (width - 2 * MARGIN)) / Math.max(axes.length - 1, 1);
  const y = (place: number): number =>
    HEIGHT - BOTTOM - place * (HEIGHT - TOP - BOTTOM);
  const ordered = [...shown.filter(item => item !== best), best];
  return (
    <svg
      className="jp-Platform-parallel"
      width={width}
      height={HEIGHT}
      role="img"
      aria-label={describe(axes, best, trans)}
    >
      {ordered.map(item => (
        <polyline
          key={item.job.id}
          className={item === best ? 'jp-mod-best' : undefined}
          points={axes
            .map(
              ({ places }, at) => `${x(at)},${y(places[shown.indexOf(item)])}`
            )
            .join(' ')}
          onClick={() =>
            run(commands, CommandIDs.openJob, { job: item.job.id })
          }
        >
          <title>{`${item.job.name}: ${metric} ${formatValue(item.score.value)}`}</title>
        </polyline>
      ))}
      {axes.map((axis, at) => (
        <g key={axis.label}>
          <line x1={x(at)} x2={x(at)} y1={y(0)} y2={y(1)} />
          <text
            x={x(at)}
            y={12}
            className="jp-mod-title"
            textAnchor={
              at === 0 ? 'start' : at === axes.length - 1 ? 'end' : 'middle'
            }
          >
            {axis.label}
          </text>
          <text x={x(at)} y={y(1) - 5} textAnchor="middle">
            {axis.high}
          </text>
          <text x={x(at)} y={y(0) + 14} textAnchor="middle">
            {axis.low}
          </text>
        </g>
      ))}
    </svg>
  );
}

function axesOf(scored: readonly IScored[], metric: string): IAxis[] {
  const options = [
    ...new Set(scored.flatMap(({ job }) => Object.keys(job.varied)))
  ];
  return [
    ...options.map(name =>
      axis(
        name,
        scored.map(({ job }) => job.varied[name])
      )
    ),
    axis(
      metric,
      scored.map(({ score }) => score.value)
    )
  ];
}

/** Numbers lie to scale; anything else in the order in which it comes. */
function axis(label: string, values: readonly unknown[]): IAxis {
  const numbers = values.filter(value => typeof value === 'number');
  if (numbers.length < values.length) {
    const words = [...new Set(values.map(String))];
    const last = Math.max(words.length - 1, 1);
    return {
      label,
      places: values.map(value => words.indexOf(String(value)) / last),
      low: words[0],
      high: words.length > 1 ? words[words.length - 1] : ''
    };
  }
  const low = Math.min(...numbers);
  const high = Math.max(...numbers);
  const isLog = low > 0 && high / low >= LOG_SPAN;
  const scale = (value: number): number => (isLog ? Math.log(value) : value);
  const span = scale(high) - scale(low);
  return {
    label,
    places: numbers.map(value =>
      span === 0 ? 0.5 : (scale(value) - scale(low)) / span
    ),
    low: short(low),
    high: high > low ? short(high) : ''
  };
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function describe(
  axes: readonly IAxis[],
  { job, score }: IScored,
  trans: TranslationBundle
): string {
  return trans.__(
    '%1 of each job by %2. The best is %3 with %4.',
    score.name,
    axes
      .slice(0, -1)
      .map(({ label }) => label)
      .join(', '),
    job.name,
    formatValue(score.value)
  );
}
