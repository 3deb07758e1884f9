import { useMemo, useState } from 'react';

import { formatValue } from '../../format';
import { seriesOver } from '../../models/comparison';
import type { ComparedBy } from '../../models/comparison';
import { seriesLabel, summarise, tabulate } from '../../models/curves';
import type { IStepWindow } from '../../models/curves-feed';
import type { IMetrics } from '../../wire';
import { CurvePanel } from '../jobview/curve-panel';
import { useViewContext } from '../view-context';

const HEIGHT = 220;
const STYLE = { smoothing: 0.6, isLog: false };

interface IComparedCurvesProps {
  metrics: readonly (IMetrics | null)[];
  labels: readonly string[];
  by: ComparedBy;
  width: number;
}

/** A plot for each series that a job has, in it the curves of all jobs. */
export function ComparedCurves(props: IComparedCurvesProps): JSX.Element {
  const { metrics, labels, by, width } = props;
  const { trans } = useViewContext();
  const names = useMemo(
    () =>
      // Rank 0 of a gang speaks for its job.
      [
        ...new Set(
          metrics.flatMap(item =>
            Object.entries(item?.series ?? {}).flatMap(([name, { rank }]) =>
              rank ? [] : [name]
            )
          )
        )
      ].sort(),
    [metrics]
  );
  if (names.length === 0) {
    return (
      <p className="jp-Platform-hint">
        {trans.__('None of these jobs has curves.')}
      </p>
    );
  }
  return (
    <div className="jp-Platform-curves">
      {names.map(name => (
        <ComparedPlot
          key={`${name} ${by}`}
          name={name}
          {...{ metrics, labels, by, width }}
        />
      ))}
    </div>
  );
}

function ComparedPlot({
  name,
  metrics,
  labels,
  by,
  width
}: IComparedCurvesProps & { name: string }): JSX.Element {
  const { trans } = useViewContext();
  const [zoom, setZoom] = useState<IStepWindow | null>(null);
  const series = useMemo(
    () => seriesOver(name, metrics, labels, by),
    [name, metrics, labels, by]
  );
  const table = useMemo(() => tabulate(series, STYLE), [series]);
  const first = table.steps[0] ?? 0;
  const last = table.steps[table.steps.length - 1] ?? 1;
  const sentences = series.map(([label, points]) => {
    const { best } = summarise(name, points);
    return trans.__('%1: best %2.', label, formatValue(best));
  });
  return (
    <CurvePanel
      table={table}
      isLog={false}
      xLabel={by === 'step' ? trans.__('iteration') : trans.__('seconds')}
      yLabel={seriesLabel(name, 0, trans)}
      first={labels.indexOf(series[0]?.[0] ?? '')}
      height={HEIGHT}
      width={width}
      sync={`compare-${by}`}
      window={zoom ?? { start: first, stop: Math.max(last, first + 1) }}
      onZoom={setZoom}
      sentences={sentences}
    />
  );
}
