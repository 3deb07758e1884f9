import { useEffect, useMemo, useRef, useState } from 'react';

import { compareIcon } from '../../icons';
import {
  comparedOptions,
  comparedResults,
  distinctNames
} from '../../models/comparison';
import type { ComparedBy, IComparedRow } from '../../models/comparison';
import { CommandIDs } from '../../tokens';
import type { IJob, IMetrics } from '../../wire';
import { useWidth } from '../observed';
import { PageWidget } from '../page-widget';
import { run, useViewContext } from '../view-context';
import type { IViewContext } from '../view-context';
import { ComparedCurves } from './curves';

/** Points of a curve that are read for each job. */
const BUCKETS = 600;
/** Milliseconds between two readings while a job runs. */
const REFRESH_MS = 3000;

/** Several jobs beside each other, in a tab. */
export class CompareView extends PageWidget {
  /**
   * @param jobs - ids of two to twenty jobs
   */
  constructor(
    context: IViewContext,
    readonly jobs: readonly string[]
  ) {
    super(context, 'compareView', compareIcon);
    const { trans } = context;
    this.title.label = trans.__('Compare %1 jobs', jobs.length);
  }

  protected override content(): JSX.Element {
    return <ComparePage ids={this.jobs} />;
  }
}

interface ICompared {
  readonly jobs: readonly IJob[];
  /** Null for a job without curves. */
  readonly metrics: readonly (IMetrics | null)[];
}

function ComparePage({ ids }: { ids: readonly string[] }): JSX.Element {
  const { trans } = useViewContext();
  const { compared, error } = useCompared(ids);
  const [by, setBy] = useState<ComparedBy>('step');
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element);
  return (
    <div ref={element} className="jp-Platform-comparePage">
      {error ? (
        <p className="jp-Platform-warning" role="alert">
          <span aria-hidden>▲</span> {error}
        </p>
      ) : null}
      {compared ? (
        <Compared {...{ compared, by, setBy, width }} />
      ) : (
        <p className="jp-Platform-hint">{trans.__('Reading…')}</p>
      )}
    </div>
  );
}

interface IComparedProps {
  compared: ICompared;
  by: ComparedBy;
  setBy: (by: ComparedBy) => void;
  width: number;
}

function Compared(props: IComparedProps): JSX.Element {
  const { compared, by, setBy, width } = props;
  const { trans } = useViewContext();
  const { jobs, metrics } = compared;
  const labels = useMemo(() => distinctNames(jobs), [jobs]);
  return (
    <>
      <div className="jp-Platform-curveTools" role="radiogroup">
        {(['step', 'time'] as const).map(item => (
          <label key={item}>
            <input
              type="radio"
              name="jp-Platform-compareBy"
              checked={by === item}
              onChange={() => setBy(item)}
            />
            {item === 'step' ? trans.__('by iteration') : trans.__('by time')}
          </label>
        ))}
      </div>
      <ComparedCurves {...{ metrics, labels, by, width }} />
      <ComparedTable
        title={trans.__('Results')}
        rows={comparedResults(jobs, trans)}
        jobs={jobs}
        labels={labels}
      />
      <ComparedTable
        title={trans.__('Options')}
        rows={comparedOptions(jobs, trans)}
        jobs={jobs}
        labels={labels}
      />
    </>
  );
}

/** Read jobs and curves, again and again while one of them runs. */
function useCompared(ids: readonly string[]): {
  compared: ICompared | null;
  error: string | null;
} {
  const { model } = useViewContext();
  const [compared, setCompared] = useState<ICompared | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [count, setCount] = useState(0);
  useEffect(() => {
    const control = new AbortController();
    let timer: number | undefined;
    const read = async (): Promise<void> => {
      try {
        const jobs = await Promise.all(
          ids.map(id => model.api.job(id, control.signal))
        );
        const query = { buckets: BUCKETS };
        const metrics = await Promise.all(
          ids.map(id =>
            model.api.metrics(id, query, control.signal).catch(() => null)
          )
        );
        setCompared({ jobs, metrics });
        setError(null);
        if (jobs.some(({ finished_at }) => finished_at === null)) {
          timer = window.setTimeout(() => setCount(count + 1), REFRESH_MS);
        }
      } catch (reason) {
        if (!control.signal.aborted) {
          setError(reason instanceof Error ? reason.message : String(reason));
        }
      }
    };
    void read();
    return () => {
      control.abort();
      window.clearTimeout(timer);
    };
  }, [model, ids, count]);
  return { compared, error };
}

interface ITableProps {
  title: string;
  rows: readonly IComparedRow[];
  jobs: readonly IJob[];
  labels: readonly string[];
}

/** What differs, and folded below it what does not. */
function ComparedTable({
  title,
  rows,
  jobs,
  labels
}: ITableProps): JSX.Element {
  const { trans } = useViewContext();
  const differing = rows.filter(({ differs }) => differs);
  const same = rows.filter(({ differs }) => !differs);
  return (
    <section>
      <h3>{title}</h3>
      {differing.length ? (
        <div className="jp-Platform-tableScroll">
          <Cells {...{ jobs, labels }} rows={differing} />
        </div>
      ) : (
        <p className="jp-Platform-quiet">{trans.__('The same in all jobs.')}</p>
      )}
      {same.length && differing.length ? (
        <details>
          <summary>
            {trans._n(
              '%1 that is the same in all jobs',
              '%1 that are the same in all jobs',
              same.length
            )}
          </summary>
          <dl className="jp-Platform-same">
            {same.map(({ name, cells }) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{cells[0] ?? '–'}</dd>
              </div>
            ))}
          </dl>
        </details>
      ) : null}
    </section>
  );
}

function Cells({
  rows,
  jobs,
  labels
}: Omit<ITableProps, 'title'>): JSX.Element {
  const { commands } = useViewContext();
  return (
    <table className="jp-Platform-table">
      <thead>
        <tr>
          <th />
          {jobs.map((job, at) => (
            <th key={job.id} scope="col">
              <button
                type="button"
                className="jp-Platform-link"
                title={job.name}
                onClick={() =>
                  run(commands, CommandIDs.openJob, { job: job.id })
                }
              >
                <span
                  className="jp-Platform-dot"
                  style={{
                    background: `var(--jp-Platform-curve${(at % 6) + 1})`
                  }}
                  aria-hidden
                />
                {labels[at]}
              </button>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, cells }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {cells.map((cell, at) => (
              <td key={jobs[at].id} className="jp-mod-number">
                {cell ?? '–'}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
