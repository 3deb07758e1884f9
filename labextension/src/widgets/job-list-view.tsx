import { ReactWidget } from '@jupyterlab/ui-components';
import { useEffect, useRef, useState } from 'react';

import { isEnded } from '../wire';
import { useRoving } from './job-list';
import { JobRow } from './job-row';
import { useLabels } from './labels';
import { usePlatformState } from './live';
import { useOnScreen } from './observed';
import { ViewContextProvider, useViewContext } from './view-context';
import type { IViewContext } from './view-context';

/** Jobs that are asked for at once: their ids go into an address. */
const AT_ONCE = 100;

/** A job as an output refers to it. */
export interface IJobReference {
  readonly id: string;
  readonly name: string;
}

/** A list of jobs as they are now, in the output of a cell. */
export class JobListView extends ReactWidget {
  /**
   * @param _jobs - the jobs in the order in which they are shown
   * @param _total - how many there were when the cell ran
   * @param _onEnd - called once all of them are known to have ended
   */
  constructor(
    private readonly _context: IViewContext,
    private readonly _jobs: readonly IJobReference[],
    private readonly _total: number,
    private readonly _onEnd: () => void
  ) {
    super();
    this.addClass('jp-Platform-jobView');
    this.addClass('jp-mod-compact');
    _context.model.connect();
  }

  protected override render(): JSX.Element {
    return (
      <ViewContextProvider value={this._context}>
        <JobList jobs={this._jobs} total={this._total} onEnd={this._onEnd} />
      </ViewContextProvider>
    );
  }
}

interface IJobListProps {
  jobs: readonly IJobReference[];
  total: number;
  onEnd: () => void;
}

function JobList({ jobs, total, onEnd }: IJobListProps): JSX.Element {
  const { model, trans } = useViewContext();
  const element = useRef<HTMLDivElement>(null);
  const active = useOnScreen(element);
  usePlatformState(model, active);
  const { read, error } = useRecords(jobs);
  const found = jobs.flatMap(({ id }) => model.job(id) ?? []);
  const allEnded =
    jobs.length > 0 &&
    found.length === jobs.length &&
    found.every(({ state }) => isEnded(state));
  useEffect(() => {
    if (allEnded) {
      onEnd();
    }
  }, [allEnded, onEnd]);
  const { current, onFocus, onKeyDown } = useRoving(found);
  const labels = useLabels(found);
  return (
    <div ref={element} className="jp-Platform-jobPage">
      {jobs.length === 0 ? (
        <p className="jp-Platform-hint">{trans.__('No jobs.')}</p>
      ) : null}
      {error === null ? null : (
        <p className="jp-Platform-warning" role="status">
          <span aria-hidden>▲</span> {error}
        </p>
      )}
      <ul className="jp-Platform-jobs" onFocus={onFocus} onKeyDown={onKeyDown}>
        {jobs.map(({ id, name }) => {
          const job = model.job(id);
          return job ? (
            <JobRow
              key={id}
              job={job}
              label={labels.get(id)}
              current={id === current}
            />
          ) : (
            <li key={id} className="jp-Platform-quiet">
              {read ? trans.__('%1 was deleted', name) : name}
            </li>
          );
        })}
      </ul>
      {total > jobs.length ? (
        <p className="jp-Platform-quiet">
          {trans.__('the newest %1 of %2', jobs.length, total)}
        </p>
      ) : null}
    </div>
  );
}

interface IReading {
  /** Whether the platform has said which of the jobs there are. */
  read: boolean;
  error: string | null;
}

/** Read the records of jobs, again when the platform is there once more. */
function useRecords(jobs: readonly IJobReference[]): IReading {
  const { model } = useViewContext();
  const [reading, setReading] = useState<IReading>({
    read: false,
    error: null
  });
  const { event } = model.state;
  const epoch = event && event.split('-')[0];
  useEffect(() => {
    const abort = new AbortController();
    const readAll = async (): Promise<void> => {
      for (let at = 0; at < jobs.length; at += AT_ONCE) {
        const ids = jobs.slice(at, at + AT_ONCE).map(({ id }) => id);
        const query = { ids, limit: AT_ONCE };
        const page = await model.api.jobs(query, abort.signal);
        model.remember(page.items);
      }
      setReading({ read: true, error: null });
    };
    readAll().catch((error: unknown) => {
      if (!abort.signal.aborted) {
        const message = error instanceof Error ? error.message : String(error);
        setReading({ read: false, error: message });
      }
    });
    return () => abort.abort();
  }, [model, jobs, epoch]);
  return reading;
}
