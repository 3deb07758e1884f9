import { memo } from 'react';

import { formatUtc } from '../../format';
import type { IColumn, IJobGroup, ISorting } from '../../models/job-columns';
import { bestOf } from '../../models/job-columns';
import { CommandIDs } from '../../tokens';
import type { IJob } from '../../wire';
import { openJobMenu } from '../job-menu';
import { StateBadge, shownState } from '../state';
import { run, useViewContext } from '../view-context';
import { RelativeTime } from '../times';

interface IHeadProps {
  columns: readonly IColumn[];
  sorting: ISorting;
  onSort: (column: string) => void;
  allChosen: boolean;
  onChooseAll: (chosen: boolean) => void;
}

/** The headings, each of which sorts by its column. */
export function TableHead(props: IHeadProps): JSX.Element {
  const { columns, sorting, onSort, allChosen, onChooseAll } = props;
  const { trans } = useViewContext();
  const order = (id: string): 'ascending' | 'descending' | undefined =>
    sorting.column === id
      ? sorting.isDescending
        ? 'descending'
        : 'ascending'
      : undefined;
  return (
    <thead>
      <tr>
        <th scope="col">
          <input
            type="checkbox"
            aria-label={trans.__('Choose all')}
            checked={allChosen}
            onChange={event => onChooseAll(event.target.checked)}
          />
        </th>
        {columns.map(({ id, label, isNumeric }) => (
          <th
            key={id}
            scope="col"
            aria-sort={order(id)}
            className={isNumeric ? 'jp-mod-number' : undefined}
          >
            <button type="button" onClick={() => onSort(id)}>
              {label}
              <span aria-hidden>
                {order(id) === 'ascending'
                  ? ' ▲'
                  : order(id) === 'descending'
                    ? ' ▼'
                    : ''}
              </span>
            </button>
          </th>
        ))}
      </tr>
    </thead>
  );
}

interface IGroupProps {
  group: IJobGroup;
  columns: readonly IColumn[];
  chosen: ReadonlySet<string>;
  onChoose: (id: string, isChosen: boolean) => void;
}

/** The rows of one group, under its heading where the table is grouped. */
export function TableGroup(props: IGroupProps): JSX.Element {
  const { group, columns, chosen, onChoose } = props;
  const { trans } = useViewContext();
  const count = group.jobs.length;
  return (
    <tbody>
      {group.label === null ? null : (
        <tr className="jp-Platform-table-group">
          <th scope="rowgroup" colSpan={columns.length + 1}>
            {group.label}{' '}
            <span className="jp-Platform-quiet">
              {trans._n('%1 job', '%1 jobs', count)}
              {bestOf(group.jobs) ? ` · ${bestOf(group.jobs)}` : ''}
            </span>
          </th>
        </tr>
      )}
      {group.jobs.map(job => (
        <Row
          key={job.id}
          job={job}
          columns={columns}
          isChosen={chosen.has(job.id)}
          onChoose={onChoose}
        />
      ))}
    </tbody>
  );
}

interface IRowProps {
  job: IJob;
  columns: readonly IColumn[];
  isChosen: boolean;
  onChoose: (id: string, isChosen: boolean) => void;
}

const Row = memo(function Row(props: IRowProps): JSX.Element {
  const { job, columns, isChosen, onChoose } = props;
  const { commands, trans } = useViewContext();
  return (
    <tr
      data-job={job.id}
      aria-selected={isChosen}
      onContextMenu={event => {
        event.preventDefault();
        event.stopPropagation();
        openJobMenu(commands, job.id, { x: event.clientX, y: event.clientY });
      }}
    >
      <td>
        <input
          type="checkbox"
          aria-label={trans.__('Choose %1', job.name)}
          checked={isChosen}
          onChange={event => onChoose(job.id, event.target.checked)}
        />
      </td>
      {columns.map(column => (
        <td
          key={column.id}
          className={column.isNumeric ? 'jp-mod-number' : undefined}
        >
          <CellContent column={column} job={job} />
        </td>
      ))}
    </tr>
  );
});

function CellContent({
  column,
  job
}: {
  column: IColumn;
  job: IJob;
}): JSX.Element {
  const { commands, trans } = useViewContext();
  switch (column.id) {
    case 'name':
      return (
        <button
          type="button"
          className="jp-Platform-link"
          title={job.name}
          onClick={() => run(commands, CommandIDs.openJob, { job: job.id })}
        >
          {column.text(job)}
        </button>
      );
    case 'state':
      return <StateBadge state={shownState(job)} trans={trans} />;
    case 'submitted':
      return (
        <span title={formatUtc(job.submitted_at)}>
          <RelativeTime iso={job.submitted_at} short />
        </span>
      );
    default:
      return <>{column.text(job)}</>;
  }
}
