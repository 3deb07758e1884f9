import { useEffect, useRef } from 'react';
import uPlot from 'uplot';

import { formatCount } from '../../format';
import { useThemeCount, useWidth } from '../observed';
import { useViewContext } from '../view-context';
import { axisLook, tickTexts } from './plot';

const MOST_PIXELS = 480;
const DOT_PIXELS = 4;

interface IAgreementProps {
  /** True and predicted number of each sample. */
  pairs: readonly (readonly [number, number])[];
}

/** How near predicted numbers are to the true ones: what is on the line is right. */
export function Agreement({ pairs }: IAgreementProps): JSX.Element {
  const { trans } = useViewContext();
  const host = useRef<HTMLDivElement>(null);
  const theme = useThemeCount();
  const size = Math.min(useWidth(host) || MOST_PIXELS, MOST_PIXELS);
  useEffect(() => {
    const { current } = host;
    if (!current) {
      return undefined;
    }
    const [xLabel, yLabel] = [trans.__('true'), trans.__('predicted')];
    const look = { size, xLabel, yLabel };
    const plot = new uPlot(
      optionsOf(current, pairs, look),
      columnsOf(pairs),
      current
    );
    return () => plot.destroy();
  }, [pairs, size, theme, trans]);
  return (
    <section
      className="jp-Platform-agreement"
      aria-label={trans.__('Predicted and true numbers')}
    >
      <h2>{trans.__('Predicted over true')}</h2>
      <div
        ref={host}
        className="jp-Platform-plot"
        role="img"
        aria-label={trans.__(
          'Predicted over true numbers of %1 samples; on the line they are the same.',
          formatCount(pairs.length)
        )}
      />
      <p className="jp-Platform-quiet">
        {trans._n(
          '%1 sample; on the line the prediction is right.',
          '%1 samples; on the line the prediction is right.',
          pairs.length,
          formatCount(pairs.length)
        )}
      </p>
    </section>
  );
}

/** True numbers in order, what was predicted, and the line on which both are the same. */
function columnsOf(pairs: IAgreementProps['pairs']): uPlot.AlignedData {
  const ordered = [...pairs].sort(([one], [other]) => one - other);
  const truth = ordered.map(([value]) => value);
  return [truth, ordered.map(([, value]) => value), truth];
}

function optionsOf(
  host: HTMLElement,
  pairs: IAgreementProps['pairs'],
  { size, xLabel, yLabel }: { size: number; xLabel: string; yLabel: string }
): uPlot.Options {
  const css = (name: string): string =>
    getComputedStyle(host).getPropertyValue(name).trim();
  const numbers = pairs.flat();
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const margin = (high - low || Math.abs(high) || 1) * 0.04;
  // Both axes are the same, so that the line is the diagonal.
  const range = (): [number, number] => [low - margin, high + margin];
  const axis = {
    ...axisLook(css),
    values: (_: uPlot, splits: number[]) => tickTexts(splits)
  };
  return {
    width: size,
    height: size,
    padding: [10, 16, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range }, y: { range } },
    axes: [
      { ...axis, label: xLabel, labelSize: 18, size: 28 },
      { ...axis, label: yLabel, labelSize: 18, size: 54 }
    ],
    series: [
      {},
      {
        paths: () => null,
        points: {
          show: true,
          size: DOT_PIXELS,
          width: 0,
          fill: `color-mix(in srgb, ${css('--jp-Platform-right')} 60%, transparent)`
        }
      },
      {
        stroke: css('--jp-ui-font-color2'),
        width: 1,
        dash: [4, 4],
        points: { show: false }
      }
    ]
  };
}
