import { useEffect, useRef, useState } from 'react';
import type { KeyboardEvent } from 'react';

import { formatCount, formatValue } from '../../format';
import { seriesLabel } from '../../models/curves';
import type { Cell, ICurveTable } from '../../models/curves';
import type { IStepWindow } from '../../models/curves-feed';
import { useLatest, useThemeCount } from '../observed';
import { useViewContext } from '../view-context';
import { CurvePlot } from './plot';
import type { IStroke } from './plot';

/** CSS variables of the colours, which go round. */
const COLOURS = 6;

interface ICurvePanelProps {
  table: ICurveTable;
  isLog: boolean;
  xLabel: string;
  yLabel: string;
  /** Number of the first colour. */
  first: number;
  height: number;
  width: number;
  sync: string;
  /** The steps that are in sight: the same in all plots of a job. */
  window: IStepWindow;
  onZoom: (window: IStepWindow | null) => void;
  /** The same in words. */
  sentences: readonly string[];
}

/** A plot, under it what its curves are at the pointer, and what they come to. */
export function CurvePanel(props: ICurvePanelProps): JSX.Element {
  const { table, first, sentences, xLabel, yLabel } = props;
  const { trans } = useViewContext();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [at, setAt] = useState<number | null>(null);
  const { host, onKeyDown } = usePlot(props, hidden, setAt);
  const toggle = (name: string): void => {
    const next = new Set(hidden);
    if (!next.delete(name)) {
      next.add(name);
    }
    setHidden(next);
  };
  return (
    <figure className="jp-Platform-plot">
      <div
        ref={host}
        tabIndex={0}
        role="img"
        aria-label={`${yLabel}. ${sentences.join(' ')} ${trans.__(
          'Arrow keys read it, plus and minus zoom, 0 shows all.'
        )}`}
        onKeyDown={onKeyDown}
      />
      <figcaption>
        <div className="jp-Platform-legend">
          <span className="jp-Platform-quiet jp-Platform-legendStep">
            {at === null || table.steps[at] === undefined
              ? trans.__('last')
              : `${xLabel} ${formatCount(table.steps[at])}`}
          </span>
          {table.curves.map((curve, index) => (
            <button
              key={curve.name}
              type="button"
              aria-pressed={!hidden.has(curve.name)}
              title={trans.__('Show or hide this curve')}
              onClick={() => toggle(curve.name)}
            >
              <Swatch stroke={strokeOf(curve.name, first + index)} />
              {seriesLabel(curve.name, curve.rank, trans)}
              <strong>
                {formatValue(valueAt(curve.mean, at ?? table.steps.length - 1))}
              </strong>
            </button>
          ))}
        </div>
        <p className="jp-Platform-quiet">{sentences.join(' ')}</p>
      </figcaption>
    </figure>
  );
}

interface IPlotHandle {
  host: React.RefObject<HTMLDivElement>;
  onKeyDown: (event: KeyboardEvent) => void;
}

/** Draw the plot, again where it changes what it is and not only its values. */
function usePlot(
  props: ICurvePanelProps,
  hidden: ReadonlySet<string>,
  onHover: (at: number | null) => void
): IPlotHandle {
  const { table, isLog, xLabel, yLabel, first, height, width, window } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<CurvePlot | null>(null);
  const latest = useLatest(props);
  const theme = useThemeCount();
  const names = table.curves
    .map(({ name, isSmoothed, mean }) =>
      [name, isSmoothed, mean.length > 60].join(' ')
    )
    .join('\n');
  const known = width > 0;
  useEffect(() => {
    if (!host.current || !known) {
      return undefined;
    }
    const { current } = latest;
    const drawn = new CurvePlot(
      host.current,
      current.table,
      {
        isLog,
        xLabel,
        yLabel,
        height,
        sync: current.sync,
        strokes: current.table.curves.map(({ name }, index) =>
          strokeOf(name, first + index)
        )
      },
      current.window,
      { onHover, onZoom: next => latest.current.onZoom(next) }
    );
    plot.current = drawn;
    return () => {
      plot.current = null;
      drawn.dispose();
    };
  }, [
    names,
    isLog,
    xLabel,
    yLabel,
    first,
    height,
    known,
    theme,
    latest,
    onHover
  ]);
  useEffect(() => {
    plot.current?.update(table, window);
  }, [table, window, names, isLog, known, theme]);
  useEffect(() => {
    plot.current?.setHidden(hidden);
  }, [hidden, names, isLog, known, theme]);
  useEffect(() => {
    if (host.current && known) {
      plot.current?.resize(host.current.clientWidth);
    }
  }, [width, known, names, theme]);
  return { host, onKeyDown: event => onPlotKey(event, plot.current, props) };
}

function onPlotKey(
  event: KeyboardEvent,
  plot: CurvePlot | null,
  { onZoom }: ICurvePanelProps
): void {
  const actions: { [key: string]: () => void } = {
    ArrowLeft: () => plot?.moveCursor(event.shiftKey ? -10 : -1),
    ArrowRight: () => plot?.moveCursor(event.shiftKey ? 10 : 1),
    '+': () => plot?.zoom(0.5),
    '-': () => plot?.zoom(2),
    '0': () => onZoom(null)
  };
  const act = actions[event.key];
  if (act && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    event.stopPropagation();
    act();
  }
}

/** How a curve is drawn: held-out data is dashed, so that it needs no colour to be told. */
export function strokeOf(name: string, index: number): IStroke {
  const held = /^(validation|val|test)_/.test(name);
  return {
    colour: `--jp-Platform-curve${(index % COLOURS) + 1}`,
    dash: held ? [6, 3] : []
  };
}

function Swatch({ stroke }: { stroke: IStroke }): JSX.Element {
  return (
    <svg width="18" height="8" aria-hidden>
      <line
        x1="0"
        x2="18"
        y1="4"
        y2="4"
        strokeWidth="2"
        strokeDasharray={stroke.dash.join(' ')}
        style={{ stroke: `var(${stroke.colour})` }}
      />
    </svg>
  );
}

/** The value at a position, or else the one before it. */
export function valueAt(values: readonly Cell[], at: number): number | null {
  for (let index = Math.min(at, values.length - 1); index >= 0; index--) {
    const value = values[index];
    if (value !== undefined) {
      return value;
    }
  }
  return null;
}
