import { useEffect, useMemo, useRef, useState } from 'react';
import type { TranslationBundle } from '@jupyterlab/translation';

import { formatCount, formatValue } from '../../format';
import {
  extentOf,
  groupSeries,
  measureOf,
  seriesLabel,
  summarise,
  tabulate
} from '../../models/curves';
import type { ICurveGroup, ICurveStyle } from '../../models/curves';
import { CurvesFeed } from '../../models/curves-feed';
import type { IStepWindow } from '../../models/curves-feed';
import { isEnded, isWaiting } from '../../wire';
import type { IJob, IMetrics, ISeriesPoints } from '../../wire';
import { useDisposable, useView, useWidth } from '../observed';
import { useViewContext } from '../view-context';
import { CurvePanel } from './curve-panel';

const SMOOTHING = 0.6;

interface ICurvesPageProps {
  job: IJob;
  /** False while nobody sees it: nothing is read then. */
  active: boolean;
  compact: boolean;
}

/** All curves of a job: each kind of value in a plot of its own. */
export function CurvesPage({
  job,
  active,
  compact
}: ICurvesPageProps): JSX.Element {
  const { model, trans } = useViewContext();
  const feed = useDisposable(() => new CurvesFeed(model.api, job.id));
  const { metrics, window, error } = useView(feed);
  const [style, setStyle] = useState<ICurveStyle>({
    smoothing: SMOOTHING,
    isLog: false
  });
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element);
  useEffect(() => {
    if (active && width) {
      feed.setWidth(width * globalThis.devicePixelRatio);
    }
  }, [feed, active, width]);
  const { state, progress } = job;
  useEffect(() => {
    if (active) {
      feed.touch();
    }
  }, [feed, active, state, progress]);
  const names = Object.keys(metrics?.series ?? {});
  return (
    <div ref={element} className="jp-Platform-curves">
      {error === null ? null : (
        <p className="jp-Platform-warning" role="alert">
          <span aria-hidden>▲</span> {error}
        </p>
      )}
      {names.length === 0 ? (
        <p className="jp-Platform-hint">{emptySentence(job, metrics, trans)}</p>
      ) : (
        <CurveTools
          style={style}
          onStyle={setStyle}
          window={window}
          onReset={() => feed.setWindow(null)}
        />
      )}
      {metrics && names.length ? (
        <Plots
          {...{ job, metrics, window, style, width, compact }}
          onZoom={next => feed.setWindow(next)}
        />
      ) : null}
    </div>
  );
}

function emptySentence(
  { state, type }: IJob,
  metrics: IMetrics | null,
  trans: TranslationBundle
): string {
  if (isWaiting(state)) {
    return trans.__('The curves begin when the job runs.');
  }
  if (metrics === null) {
    return trans.__('Reading the curves…');
  }
  if (!isEnded(state)) {
    return type === 'EVALUATE'
      ? trans.__('An evaluation has no curves.')
      : trans.__('No point yet. The curves begin with the first iteration.');
  }
  return trans.__('The job left no curves.');
}

interface IToolsProps {
  style: ICurveStyle;
  onStyle: (style: ICurveStyle) => void;
  window: IStepWindow | null;
  onReset: () => void;
}

function CurveTools({
  style,
  onStyle,
  window,
  onReset
}: IToolsProps): JSX.Element {
  const { trans } = useViewContext();
  return (
    <div className="jp-Platform-curveTools">
      <label>
        {trans.__('Smoothing')}
        <input
          type="range"
          min={0}
          max={0.98}
          step={0.02}
          value={style.smoothing}
          aria-valuetext={style.smoothing.toFixed(2)}
          onChange={event =>
            onStyle({ ...style, smoothing: Number(event.target.value) })
          }
        />
        <output>{style.smoothing.toFixed(2)}</output>
      </label>
      <label>
        <input
          type="checkbox"
          checked={style.isLog}
          onChange={event => onStyle({ ...style, isLog: event.target.checked })}
        />
        {trans.__('Logarithmic loss')}
      </label>
      {window ? (
        <>
          <span>
            {trans.__(
              'from %1 to %2',
              formatCount(window.start),
              formatCount(window.stop - 1)
            )}
          </span>
          <button
            type="button"
            className="jp-Platform-button"
            onClick={onReset}
          >
            {trans.__('Reset zoom')}
          </button>
        </>
      ) : (
        <span className="jp-Platform-quiet">
          {trans.__('Drag over a plot to zoom')}
        </span>
      )}
    </div>
  );
}

interface IPlotsProps {
  job: IJob;
  metrics: IMetrics;
  window: IStepWindow | null;
  style: ICurveStyle;
  width: number;
  compact: boolean;
  onZoom: (window: IStepWindow | null) => void;
}

function Plots(props: IPlotsProps): JSX.Element {
  const { job, metrics, style, compact } = props;
  const { trans } = useViewContext();
  const whole = useMemo(() => extentOf(metrics), [metrics]);
  const names = Object.keys(metrics.series).sort().join('\n');
  const groups = useMemo(() => groupSeries(names.split('\n')), [names]);
  const order = groups.flatMap(group => group.names);
  const steps =
    job.progress?.unit === 'samples'
      ? trans.__('samples')
      : stepsOf(job.type, trans);
  return (
    <>
      {groups.map((group, at) => (
        <Group
          key={group.kind}
          {...props}
          group={group}
          inSight={props.window ?? whole}
          // Of scores a logarithm says nothing.
          style={group.kind === 'score' ? { ...style, isLog: false } : style}
          first={order.indexOf(group.names[0])}
          xLabel={steps}
          height={(at === 0 ? 260 : 190) - (compact ? 60 : 0)}
        />
      ))}
    </>
  );
}

interface IGroupProps extends IPlotsProps {
  group: ICurveGroup;
  inSight: IStepWindow;
  /** Position of its first series among all: it chooses the colours. */
  first: number;
  xLabel: string;
  height: number;
}

function Group({
  job,
  group,
  metrics,
  style,
  first,
  inSight,
  width,
  xLabel,
  height,
  onZoom
}: IGroupProps): JSX.Element {
  const { trans } = useViewContext();
  const series = useMemo(
    () =>
      group.names.flatMap(name => {
        const points = metrics.series[name];
        return points ? [[name, points] as const] : [];
      }),
    [group, metrics]
  );
  const table = useMemo(() => tabulate(series, style), [series, style]);
  const sentences = series.map(([name, points]) =>
    describeSeries(name, points, style.isLog, trans)
  );
  return (
    <CurvePanel
      table={table}
      isLog={style.isLog}
      xLabel={xLabel}
      yLabel={axisLabel(group, trans)}
      first={first}
      height={height}
      width={width}
      sync={`jupyter-platform-${job.id}`}
      window={inSight}
      onZoom={onZoom}
      sentences={sentences}
    />
  );
}

/** What an axis says that it measures. */
export function axisLabel(
  { kind, names }: ICurveGroup,
  trans: TranslationBundle
): string {
  if (kind === 'loss') {
    return trans.__('loss');
  }
  const measures = new Set(names.map(measureOf));
  const label = [...measures].join(', ').replace(/_/g, ' ');
  return kind === 'score' ? trans.__('%1 (0–1)', label) : label;
}

/** A series in words. */
export function describeSeries(
  name: string,
  points: ISeriesPoints,
  isLog: boolean,
  trans: TranslationBundle
): string {
  const { last, best, bestStep, trend, nonfinite, offScale } = summarise(
    name,
    points
  );
  const trends = {
    falling: trans.__('falling'),
    rising: trans.__('rising'),
    level: trans.__('level')
  };
  const parts = [
    trans.__('last %1', formatValue(last)),
    best !== null &&
      bestStep !== null &&
      trans.__('best %1 at %2', formatValue(best), formatCount(bestStep)),
    trend &&
      trans.__(
        '%1 (means of the last two fifths: %2 → %3)',
        trends[trend.word],
        formatValue(trend.from),
        formatValue(trend.to)
      ),
    nonfinite > 0 &&
      trans._n(
        '%1 point is no number (NaN or infinite) and left out',
        '%1 points are no numbers (NaN or infinite) and left out',
        nonfinite
      ),
    points.damaged > 0 &&
      trans._n(
        '%1 point is lost, as its file was damaged',
        '%1 points are lost, as their file was damaged',
        points.damaged
      ),
    offScale !== null &&
      trans.__(
        'values up to %1 are far off the scale and left out',
        formatValue(offScale)
      ),
    isLog &&
      points.mean.some(value => value !== null && value <= 0) &&
      trans.__('values of zero and below have no logarithm and are left out')
  ];
  return trans.__(
    '%1: %2.',
    seriesLabel(name, points.rank, trans),
    parts.filter(Boolean).join(', ')
  );
}

/** What the steps of a kind of job are. */
function stepsOf(type: IJob['type'], trans: TranslationBundle): string {
  const names: { readonly [type: string]: string } = {
    LEARN: trans.__('iteration'),
    ACT: trans.__('episodes')
  };
  return names[type] ?? trans.__('steps');
}
