import uPlot from 'uplot';

import { formatCount, formatValue } from '../../format';
import type { ICurve, ICurveTable } from '../../models/curves';
import type { IStepWindow } from '../../models/curves-feed';

/** Columns of one curve in the data of the plot: high, low, mean, smooth. */
const COLUMNS = 4;
/** Curves with fewer points show each of them. */
const MOST_DOTS = 60;
/** Marks that are drawn at most for one curve. */
const MOST_MARKS = 300;
/** Pixels that have to be dragged over for a zoom. */
const LEAST_DRAG = 5;

/** How one curve is drawn. */
export interface IStroke {
  /** Name of a CSS variable. */
  readonly colour: string;
  readonly dash: number[];
}

/** What a plot looks like. */
export interface IPlotLook {
  readonly isLog: boolean;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly height: number;
  readonly strokes: readonly IStroke[];
  /** Plots with the same name move their cursors together. */
  readonly sync: string;
}

/** What a plot tells. */
export interface IPlotEvents {
  /** The pointer is over a position in the steps, or over none. */
  onHover: (at: number | null) => void;
  onZoom: (window: IStepWindow | null) => void;
}

/** A plot of curves that can be zoomed by dragging and read by hovering. */
export class CurvePlot {
  /**
   * @param _host - the element that it is drawn into
   * @param _table - its curves do not change their number, only their values
   */
  constructor(
    private readonly _host: HTMLElement,
    private _table: ICurveTable,
    private readonly _look: IPlotLook,
    window: IStepWindow,
    private readonly _events: IPlotEvents
  ) {
    this._window = window;
    const width = Math.max(_host.clientWidth, 100);
    this._plot = new uPlot(this._options(width), columnsOf(_table), _host);
    this._plot.over.addEventListener('dblclick', () => _events.onZoom(null));
  }

  /** Show other values. */
  update(table: ICurveTable, window: IStepWindow): void {
    this._table = table;
    this._window = window;
    this._plot.setData(columnsOf(table), true);
  }

  /** Show only some of the curves. */
  setHidden(hidden: ReadonlySet<string>): void {
    this._table.curves.forEach(({ name }, at) => {
      for (let column = 1; column <= COLUMNS; column++) {
        const show = !hidden.has(name);
        const index = at * COLUMNS + column;
        if (this._plot.series[index].show !== show) {
          this._plot.setSeries(index, { show }, false);
        }
      }
    });
  }

  resize(width: number): void {
    this._plot.setSize({ width, height: this._look.height });
  }

  /** Move the cursor by a number of steps. */
  moveCursor(by: number): void {
    const { steps } = this._table;
    const here = this._plot.cursor.idx ?? (by > 0 ? -1 : steps.length);
    const next = Math.min(Math.max(here + by, 0), steps.length - 1);
    const left = this._plot.valToPos(steps[next], 'x');
    this._plot.setCursor({ left, top: this._plot.over.clientHeight / 2 });
  }

  /** Look at a part around the cursor; a factor below 1 is closer. */
  zoom(factor: number): void {
    const { min, max } = this._plot.scales.x;
    if (min === undefined || max === undefined) {
      return;
    }
    const { idx } = this._plot.cursor;
    const centre =
      typeof idx === 'number' ? this._table.steps[idx] : (min + max) / 2;
    const start = Math.round(centre - (centre - min) * factor);
    const stop = Math.round(centre + (max - centre) * factor) + 1;
    if (stop - start > 2) {
      this._events.onZoom({ start: Math.max(start, 0), stop });
    }
  }

  dispose(): void {
    this._plot.destroy();
  }

  private _options(width: number): uPlot.Options {
    const { height, isLog, sync } = this._look;
    const { curves } = this._table;
    return {
      width,
      height,
      padding: [10, 26, 0, 0],
      legend: { show: false },
      cursor: {
        drag: { x: true, y: false, setScale: false },
        points: { show: false },
        y: false,
        sync: { key: sync, scales: ['x', null] }
      },
      scales: {
        x: { time: false, range: () => this._xRange() },
        y: { distr: isLog ? 3 : 1 }
      },
      axes: this._axes(),
      series: [
        {},
        ...curves.flatMap((curve, at) =>
          this._series(curve, this._look.strokes[at])
        )
      ],
      bands: curves.map(({ isSmoothed }, at) => ({
        series: [at * COLUMNS + 1, at * COLUMNS + 2],
        fill: this._fade(this._look.strokes[at], isSmoothed ? 0.14 : 0.2)
      })),
      hooks: {
        draw: [plot => this._drawMarks(plot)],
        setCursor: [plot => this._events.onHover(plot.cursor.idx ?? null)],
        setSelect: [plot => this._onSelect(plot)]
      }
    };
  }

  private _axes(): uPlot.Axis[] {
    const { xLabel, yLabel, isLog } = this._look;
    const common = axisLook(name => this._css(name));
    return [
      {
        ...common,
        label: xLabel,
        labelSize: 18,
        size: 28,
        values: (_, splits) =>
          splits.map(value =>
            Number.isInteger(value) ? formatCount(value) : ''
          )
      },
      {
        ...common,
        label: yLabel,
        labelSize: 18,
        size: 54,
        grid: isLog ? { ...common.grid, filter: powersOfTen } : common.grid,
        values: (_, splits) =>
          isLog ? splits.map(powerText) : tickTexts(splits)
      }
    ];
  }

  private _series(curve: ICurve, stroke: IStroke): uPlot.Series[] {
    const colour = this._css(stroke.colour);
    const dots = curve.mean.filter(value => typeof value === 'number').length;
    const invisible = { points: { show: false }, stroke: 'transparent' };
    return [
      { ...invisible, width: 0 },
      { ...invisible, width: 0 },
      {
        stroke: curve.isSmoothed ? this._fade(stroke, 0.35) : colour,
        width: curve.isSmoothed ? 1 : 1.5,
        dash: stroke.dash,
        points: { show: dots <= MOST_DOTS, size: 5, fill: colour }
      },
      {
        stroke: colour,
        width: 2,
        dash: stroke.dash,
        points: { show: false },
        // What is not smoothed is drawn once.
        alpha: curve.isSmoothed ? 1 : 0
      }
    ];
  }

  private _xRange(): [number, number] {
    const { start, stop } = this._window;
    return [start, Math.max(stop - 1, start + 1)];
  }

  private _onSelect(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < LEAST_DRAG) {
      return;
    }
    const start = Math.max(0, Math.floor(plot.posToVal(left, 'x')));
    const stop = Math.ceil(plot.posToVal(left + width, 'x')) + 1;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this._events.onZoom({ start, stop });
  }

  /** Crosses at the foot of the plot, where there is something that cannot be drawn. */
  private _drawMarks(plot: uPlot): void {
    const { ctx } = plot;
    const { top, height } = plot.bbox;
    const size = 3 * uPlot.pxRatio;
    const foot = top + height - 2 * size;
    ctx.save();
    ctx.strokeStyle = this._css('--jp-warn-color1');
    ctx.lineWidth = 1.5 * uPlot.pxRatio;
    ctx.beginPath();
    for (const { marks } of this._table.curves) {
      for (const step of marks.slice(0, MOST_MARKS)) {
        const x = plot.valToPos(step, 'x', true);
        ctx.moveTo(x - size, foot - size);
        ctx.lineTo(x + size, foot + size);
        ctx.moveTo(x - size, foot + size);
        ctx.lineTo(x + size, foot - size);
      }
    }
    ctx.stroke();
    ctx.restore();
  }

  private _css(variable: string): string {
    return getComputedStyle(this._host).getPropertyValue(variable).trim();
  }

  private _fade(stroke: IStroke, share: number): string {
    const percent = Math.round(share * 100);
    return `color-mix(in srgb, ${this._css(stroke.colour)} ${percent}%, transparent)`;
  }

  private readonly _plot: uPlot;
  private _window: IStepWindow;
}

/** Colours and fonts of an axis, by what reads a CSS variable. */
export function axisLook(css: (name: string) => string) {
  const line = { stroke: css('--jp-border-color2'), width: 1 };
  return {
    stroke: css('--jp-ui-font-color1'),
    font: `11px ${css('--jp-ui-font-family')}`,
    labelFont: `12px ${css('--jp-ui-font-family')}`,
    grid: line,
    ticks: line
  };
}

function columnsOf({ steps, curves }: ICurveTable): uPlot.AlignedData {
  const columns = curves.flatMap(({ high, low, mean, smooth }) => [
    high,
    low,
    mean,
    smooth
  ]);
  return [steps, ...columns];
}

/** Of a logarithmic axis only the powers of ten get a line: all of them would be a wall. */
function powersOfTen(_: uPlot, splits: readonly number[]): (number | null)[] {
  return splits.map(value =>
    Number.isInteger(Number(Math.log10(value).toFixed(9))) ? value : null
  );
}

function powerText(value: number | null): string {
  return value === null ? '' : String(Number(value.toPrecision(6)));
}

/** Numbers along an axis, with as many digits as tell them from one another. */
export function tickTexts(splits: readonly (number | null)[]): string[] {
  const values = splits.filter(value => value !== null);
  const size = Math.max(...values.map(Math.abs), 0);
  const isPlain = size === 0 || (size < 1e5 && size >= 1e-4);
  const digits = Math.max(...values.map(digitsOf), 0);
  return splits.map(value => {
    if (value === null) {
      return '';
    }
    return isPlain ? value.toFixed(digits) : formatValue(value);
  });
}

/** Digits behind the point that a round number needs. */
function digitsOf(value: number): number {
  const text = Number(value.toPrecision(6)).toFixed(6).replace(/0+$/, '');
  return text.length - text.indexOf('.') - 1;
}
