import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useRef, useState } from 'react';
import type { KeyboardEvent, MouseEvent } from 'react';

import { formatCount } from '../../format';
import { worstConfusions } from '../../models/evaluation';
import { useThemeCount, useWidth } from '../observed';
import { useViewContext } from '../view-context';

/** Classes up to which every count is written out. */
const MOST_WRITTEN = 20;
/** Pairs of classes that are listed under the matrix. */
const LISTED = 5;

interface IConfusionProps {
  /** Samples by true, then by predicted class. */
  confusion: readonly (readonly number[])[];
  classes: readonly string[];
  /** Whether pixels are counted, not samples. */
  isPixels?: boolean;
}

/** Which classes are taken for which. */
export function Confusion({
  confusion,
  classes,
  isPixels
}: IConfusionProps): JSX.Element {
  const { trans } = useViewContext();
  const pairs = worstConfusions(confusion, LISTED);
  return (
    <section
      className="jp-Platform-confusion"
      aria-label={trans.__('Confusion matrix')}
    >
      <h2>
        {isPixels
          ? trans.__('Confusion, in pixels')
          : trans.__('Confusion, in samples')}
      </h2>
      {confusion.length <= MOST_WRITTEN ? (
        <WrittenMatrix {...{ confusion, classes, isPixels }} />
      ) : (
        <PaintedMatrix {...{ confusion, classes, isPixels }} />
      )}
      <p className="jp-Platform-quiet">
        {pairs.length
          ? trans.__(
              'Most often confused: %1.',
              pairs
                .map(({ truth, predicted, count }) =>
                  trans.__(
                    '%1 taken for %2 (%3)',
                    classes[truth],
                    classes[predicted],
                    formatCount(count)
                  )
                )
                .join(', ')
            )
          : trans.__('No sample was taken for another class.')}
      </p>
    </section>
  );
}

/** The share of a row that a cell has, 0 to 1. */
function shareOf(row: readonly number[], column: number): number {
  const total = row.reduce((sum, count) => sum + count, 0);
  return total ? row[column] / total : 0;
}

/** How strongly a cell is coloured, 0 to 1: a mistake among hundreds is still to be seen. */
function strengthOf(share: number, right: boolean): number {
  return share === 0 || right ? share : 0.15 + 0.85 * Math.sqrt(share);
}

/** The colour of a cell: what is right in one colour, what is wrong in another. */
function cellColour(share: number, right: boolean): string {
  const percent = Math.round(100 * strengthOf(share, right));
  const colour = right ? '--jp-Platform-right' : '--jp-Platform-wrong';
  return `color-mix(in srgb, var(${colour}) ${percent}%, var(--jp-layout-color1))`;
}

function WrittenMatrix({
  confusion,
  classes,
  isPixels
}: IConfusionProps): JSX.Element {
  const { trans } = useViewContext();
  return (
    <div className="jp-Platform-scroll" tabIndex={0}>
      <table className="jp-Platform-matrix">
        <thead>
          <tr>
            <td colSpan={2} />
            <th scope="colgroup" colSpan={classes.length}>
              {trans.__('predicted')}
            </th>
          </tr>
          <tr>
            <td colSpan={2} />
            {classes.map((name, at) => (
              <th key={at} scope="col" title={name}>
                <span>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {confusion.map((row, truth) => (
            <tr key={truth}>
              {truth === 0 ? (
                <th
                  className="jp-Platform-matrixTrue"
                  scope="rowgroup"
                  rowSpan={confusion.length}
                >
                  <span>{trans.__('true')}</span>
                </th>
              ) : null}
              <th scope="row" title={classes[truth]}>
                <span>{classes[truth]}</span>
              </th>
              {row.map((count, predicted) => {
                const share = shareOf(row, predicted);
                return (
                  <td
                    key={predicted}
                    data-strong={share > 0.6 || undefined}
                    data-zero={count === 0 || undefined}
                    style={{
                      background: cellColour(share, truth === predicted)
                    }}
                    title={cellSentence(
                      { truth, predicted },
                      { confusion, classes, isPixels },
                      trans
                    )}
                  >
                    {formatCount(count)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ICellPosition {
  readonly truth: number;
  readonly predicted: number;
}

/** One cell in words. */
export function cellSentence(
  { truth, predicted }: ICellPosition,
  { confusion, classes, isPixels }: IConfusionProps,
  trans: TranslationBundle
): string {
  const row = confusion[truth];
  const share = (100 * shareOf(row, predicted)).toFixed(1);
  const count = formatCount(row[predicted]);
  return trans.__(
    'true %1, predicted %2: %3, %4 % of true %1',
    classes[truth],
    classes[predicted],
    isPixels ? trans.__('%1 pixels', count) : trans.__('%1 samples', count),
    share
  );
}

/** Pixels left of and above the cells, for names. */
const MARGIN = 44;
const MOST_PIXELS = 640;

/** A matrix of many classes as a picture, which is read by pointing or with the arrow keys. */
function PaintedMatrix(props: IConfusionProps): JSX.Element {
  const { confusion, classes } = props;
  const { trans } = useViewContext();
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cell, setCell] = useState<ICellPosition | null>(null);
  const theme = useThemeCount();
  const width = useWidth(host);
  const count = confusion.length;
  const room = Math.min(width || MOST_PIXELS, MOST_PIXELS) - MARGIN;
  const size = Math.max(Math.floor(room / count), 3);
  useEffect(() => {
    if (canvas.current) {
      paint(canvas.current, { confusion, classes }, size, cell, trans);
    }
  }, [confusion, classes, size, cell, theme, trans]);
  const onMouseMove = (event: MouseEvent): void => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    const predicted = Math.floor((event.clientX - left - MARGIN) / size);
    const truth = Math.floor((event.clientY - top - MARGIN) / size);
    const inside = (at: number): boolean => at >= 0 && at < count;
    setCell(inside(truth) && inside(predicted) ? { truth, predicted } : null);
  };
  return (
    <div ref={host}>
      <div className="jp-Platform-painted">
        <canvas
          ref={canvas}
          tabIndex={0}
          role="img"
          aria-label={trans.__(
            'Confusion matrix of %1 classes, true in rows, predicted in columns. Arrow keys read it.',
            count
          )}
          onMouseMove={onMouseMove}
          onMouseLeave={() => setCell(null)}
          onKeyDown={event => setCell(moved(event, cell, count))}
        />
      </div>
      <p aria-live="polite">
        {cell
          ? cellSentence(cell, props, trans)
          : trans.__('Point at a cell to read it.')}
      </p>
    </div>
  );
}

function moved(
  event: KeyboardEvent,
  cell: ICellPosition | null,
  count: number
): ICellPosition | null {
  const steps: { [key: string]: [number, number] } = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1]
  };
  const step = steps[event.key];
  if (!step) {
    return cell;
  }
  event.preventDefault();
  event.stopPropagation();
  const clamp = (at: number): number => Math.min(Math.max(at, 0), count - 1);
  const { truth, predicted } = cell ?? { truth: 0, predicted: 0 };
  return cell
    ? { truth: clamp(truth + step[0]), predicted: clamp(predicted + step[1]) }
    : { truth: 0, predicted: 0 };
}

function paint(
  canvas: HTMLCanvasElement,
  { confusion, classes }: IConfusionProps,
  size: number,
  cell: ICellPosition | null,
  trans: TranslationBundle
): void {
  const pixels = MARGIN + size * confusion.length;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = canvas.height = pixels * ratio;
  canvas.style.width = canvas.style.height = `${pixels}px`;
  const context = canvas.getContext('2d');
  if (!context) {
    return;
  }
  const css = (name: string): string =>
    getComputedStyle(canvas).getPropertyValue(name).trim();
  context.scale(ratio, ratio);
  const [right, wrong] = [
    css('--jp-Platform-right'),
    css('--jp-Platform-wrong')
  ];
  confusion.forEach((row, truth) =>
    row.forEach((count, predicted) => {
      if (count > 0) {
        const isRight = truth === predicted;
        context.globalAlpha = strengthOf(shareOf(row, predicted), isRight);
        context.fillStyle = isRight ? right : wrong;
        context.fillRect(
          MARGIN + predicted * size,
          MARGIN + truth * size,
          size,
          size
        );
      }
    })
  );
  context.globalAlpha = 1;
  context.strokeStyle = css('--jp-border-color1');
  context.strokeRect(
    MARGIN - 0.5,
    MARGIN - 0.5,
    size * confusion.length + 1,
    size * confusion.length + 1
  );
  paintNames(context, classes, size, css, trans);
  if (cell) {
    context.strokeStyle = css('--jp-ui-font-color0');
    context.lineWidth = 2;
    context.strokeRect(
      MARGIN + cell.predicted * size - 1,
      MARGIN + cell.truth * size - 1,
      size + 2,
      size + 2
    );
  }
}

/** Write the axes, and the names of as many classes as have room. */
function paintNames(
  context: CanvasRenderingContext2D,
  classes: readonly string[],
  size: number,
  css: (name: string) => string,
  trans: TranslationBundle
): void {
  const every = Math.ceil(26 / size / 5) * 5;
  const middle = MARGIN + (size * classes.length) / 2;
  context.fillStyle = css('--jp-ui-font-color1');
  context.font = `10px ${css('--jp-ui-font-family')}`;
  classes.forEach((name, at) => {
    if (at % every === 0) {
      const centre = MARGIN + (at + 0.5) * size;
      const text = name.length > 5 ? `${name.slice(0, 4)}…` : name;
      context.textAlign = 'right';
      context.fillText(text, MARGIN - 4, centre + 3);
      context.textAlign = 'center';
      context.fillText(text, centre, MARGIN - 5);
    }
  });
  context.font = `12px ${css('--jp-ui-font-family')}`;
  context.fillText(trans.__('predicted'), middle, 12);
  context.save();
  context.translate(11, middle);
  context.rotate(-Math.PI / 2);
  context.fillText(trans.__('true'), 0, 0);
  context.restore();
}
