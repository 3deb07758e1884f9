import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import { useState } from 'react';

import { tableIcon } from '../icons';
import { bestOf } from '../models/job-columns';
import type { ILabel } from '../models/labels';
import { rowsOf } from '../models/sweep-rows';
import type { ISweepRow } from '../models/sweep-rows';
import { CommandIDs } from '../tokens';
import type { IJob } from '../wire';
import { JobRow } from './job-row';
import { run, useViewContext } from './view-context';

interface IJobRowsProps {
  jobs: readonly IJob[];
  labels: ReadonlyMap<string, ILabel>;
  /** Id of the job that the tab key stops at. */
  current: string | null;
  /** The curve of a running job. */
  trend?: (job: string) => readonly number[];
}

/** The rows of a list; the jobs of a sweep are one row, which opens. */
export function JobRows(props: IJobRowsProps): JSX.Element {
  const { jobs, labels, current, trend } = props;
  return (
    <>
      {rowsOf(jobs).map(row =>
        'jobs' in row ? (
          <SweepRow key={row.sweep} row={row} {...props} />
        ) : (
          <JobRow
            key={row.id}
            job={row}
            label={labels.get(row.id)}
            current={row.id === current}
            trend={trend?.(row.id)}
          />
        )
      )}
    </>
  );
}

function SweepRow({
  row,
  labels,
  current,
  trend
}: IJobRowsProps & { row: ISweepRow }): JSX.Element {
  const { commands, trans } = useViewContext();
  const [open, setOpen] = useState(false);
  const Caret = open ? caretDownIcon : caretRightIcon;
  const best = bestOf(row.jobs);
  const count = trans._n('%1 job', '%1 jobs', row.jobs.length);
  const holdsCurrent = row.jobs.some(({ id }) => id === current);
  return (
    <>
      <li className="jp-Platform-job jp-Platform-sweep" data-sweep={row.sweep}>
        <button
          className="jp-Platform-job-main"
          data-job-main={row.sweep}
          aria-expanded={open}
          aria-label={trans.__('Sweep %1, %2 %3', row.name, count, best)}
          tabIndex={holdsCurrent && !open ? 0 : -1}
          onClick={() => setOpen(!open)}
        >
          <Caret.react tag="span" width="14px" height="14px" />
          <span className="jp-Platform-job-name" title={row.name}>
            <span className="jp-Platform-job-own">{row.name}</span>
          </span>
          <span className="jp-Platform-quiet">{count}</span>
          {best ? (
            <span className="jp-Platform-job-detail">
              {trans.__('best %1', best)}
            </span>
          ) : null}
        </button>
        <span className="jp-Platform-job-actions">
          <button
            className="jp-Platform-iconButton"
            title={trans.__('Open the table of this sweep')}
            aria-label={trans.__('Open the table of sweep %1', row.name)}
            tabIndex={holdsCurrent && !open ? 0 : -1}
            onClick={() =>
              run(commands, CommandIDs.openSweep, {
                sweep: row.sweep,
                name: row.name
              })
            }
          >
            <tableIcon.react tag="span" width="14px" height="14px" />
          </button>
        </span>
      </li>
      {open
        ? row.jobs.map(job => (
            <JobRow
              key={job.id}
              job={job}
              label={labels.get(job.id)}
              current={job.id === current}
              trend={trend?.(job.id)}
            />
          ))
        : null}
    </>
  );
}
