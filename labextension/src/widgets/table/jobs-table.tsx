import { useMemo, useRef, useState } from 'react';

import { formatCount } from '../../format';
import { tableIcon } from '../../icons';
import {
  LEAST_COMPARED,
  MOST_COMPARED,
  distinctNames
} from '../../models/comparison';
import {
  GROUPINGS,
  columnsOf,
  groupJobs,
  nameColumn,
  sortJobs
} from '../../models/job-columns';
import type { IColumn, ISorting } from '../../models/job-columns';
import { JobsTable } from '../../models/jobs-table';
import { CommandIDs } from '../../tokens';
import { isEnded } from '../../wire';
import type { IJob } from '../../wire';
import { ShowMore } from '../job-list';
import { useDisposable, useView, useWidth } from '../observed';
import { PageWidget } from '../page-widget';
import { SearchField } from '../search-field';
import { run, useViewContext } from '../view-context';
import type { IViewContext } from '../view-context';
import { ColumnsButton } from './columns-button';
import { Parallel } from './parallel';
import { TableGroup, TableHead } from './rows';

/** Columns that are not shown until somebody asks for them. */
const HIDDEN = ['type', 'note'];
/** Those that are the same for all jobs of a sweep. */
const HIDDEN_IN_SWEEPS = [...HIDDEN, 'network', 'dataset'];

/** All jobs, or those of a sweep, as a table in a tab. */
export class JobsTableView extends PageWidget {
  /**
   * @param sweep - only the jobs of this sweep
   */
  constructor(
    context: IViewContext,
    readonly sweep: string | null,
    title: string
  ) {
    super(context, 'tableView', tableIcon);
    this.title.label = title;
  }

  protected override content(): JSX.Element {
    return <TablePage sweep={this.sweep} />;
  }
}

function TablePage({ sweep }: { sweep: string | null }): JSX.Element {
  const { model, trans } = useViewContext();
  const table = useDisposable(() => new JobsTable(model, sweep));
  const { jobs, total, error, chosen, search } = useView(table);
  const [grouping, setGrouping] = useState<string | null>(null);
  const [sorting, setSorting] = useState<ISorting>({
    column: 'submitted',
    isDescending: true
  });
  const [asked, setAsked] = useState<ReadonlySet<string>>(new Set());
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element);
  const columns = useMemo(() => columnsOf(jobs, trans), [jobs, trans]);
  const name = useMemo(
    () => nameColumn(trans, sweep ? labelsOf(jobs) : undefined),
    [trans, sweep, jobs]
  );
  const hidden = hiddenOf(columns, jobs, sweep !== null, asked);
  const shown = [name, ...columns.filter(({ id }) => !hidden.has(id))];
  const groups = groupJobs(
    sortJobs(jobs, [name, ...columns], sorting),
    columns,
    grouping
  );
  return (
    <div ref={element} className="jp-Platform-tablePage">
      <Tools
        {...{ table, columns, hidden, grouping }}
        onToggle={id => setAsked(toggled(asked, id))}
        onGroup={setGrouping}
      />
      {error ? (
        <p className="jp-Platform-warning" role="alert">
          <span aria-hidden>▲</span> {error}
        </p>
      ) : null}
      {sweep ? <Parallel jobs={jobs} width={width} /> : null}
      <div className="jp-Platform-tableScroll">
        <table className="jp-Platform-table">
          <TableHead
            columns={shown}
            sorting={sorting}
            onSort={column =>
              setSorting({
                column,
                isDescending:
                  sorting.column === column ? !sorting.isDescending : false
              })
            }
            allChosen={jobs.length > 0 && chosen.size === jobs.length}
            onChooseAll={all =>
              table.chooseAll(all ? jobs.map(({ id }) => id) : [])
            }
          />
          {groups.map(group => (
            <TableGroup
              key={group.label ?? ''}
              group={group}
              columns={shown}
              chosen={chosen}
              onChoose={(id, isChosen) => table.choose(id, isChosen)}
            />
          ))}
        </table>
        {total === 0 ? <Empty searched={search !== ''} /> : null}
        <ShowMore
          shown={jobs.length}
          total={total ?? 0}
          onMore={() => table.more()}
        />
      </div>
    </div>
  );
}

interface IToolsProps {
  table: JobsTable;
  columns: readonly IColumn[];
  hidden: ReadonlySet<string>;
  grouping: string | null;
  onToggle: (id: string) => void;
  onGroup: (grouping: string | null) => void;
}

/** What stands above a table: search, groups, columns, and what can be done with the chosen. */
function Tools(props: IToolsProps): JSX.Element {
  const { table, columns, hidden, grouping, onToggle, onGroup } = props;
  const { trans } = useViewContext();
  const { jobs, total, chosen, search } = useView(table);
  return (
    <div className="jp-Platform-tableTools">
      <SearchField
        text={search}
        label={trans.__('Search names, networks, datasets, options and tags')}
        onChange={value => table.search(value)}
      />
      <Grouping columns={columns} value={grouping} onChange={onGroup} />
      <ColumnsButton columns={columns} hidden={hidden} onToggle={onToggle} />
      <span className="jp-Platform-quiet" role="status">
        {total === null
          ? trans.__('Reading…')
          : trans
              ._n('%1 job', '%1 jobs', total)
              .replace(String(total), formatCount(total))}
      </span>
      <ChosenActions jobs={jobs} chosen={chosen} />
    </div>
  );
}

/** What tells the jobs of a sweep apart, by their ids. */
function labelsOf(jobs: readonly IJob[]): ReadonlyMap<string, string> {
  const names = distinctNames(jobs);
  return new Map(jobs.map(({ id }, at) => [id, names[at]]));
}

/** The columns that are not shown: those that nobody needs at first, unless asked for. */
function hiddenOf(
  columns: readonly IColumn[],
  jobs: readonly IJob[],
  isSweep: boolean,
  asked: ReadonlySet<string>
): ReadonlySet<string> {
  const varied = new Set(jobs.flatMap(job => Object.keys(job.varied)));
  const usual = ({ id }: IColumn): boolean => {
    const option = id.startsWith('option:') ? id.slice(7) : null;
    return isSweep && option !== null
      ? !varied.has(option)
      : (isSweep ? HIDDEN_IN_SWEEPS : HIDDEN).includes(id);
  };
  return new Set(
    columns
      .filter(column => usual(column) !== asked.has(column.id))
      .map(({ id }) => id)
  );
}

function toggled(items: ReadonlySet<string>, item: string): Set<string> {
  const next = new Set(items);
  if (!next.delete(item)) {
    next.add(item);
  }
  return next;
}

interface IGroupingProps {
  columns: readonly IColumn[];
  value: string | null;
  onChange: (value: string | null) => void;
}

function Grouping({ columns, value, onChange }: IGroupingProps): JSX.Element {
  const { trans } = useViewContext();
  const offered = columns.filter(
    ({ id }) => GROUPINGS.includes(id) || id.startsWith('option:')
  );
  return (
    <label className="jp-Platform-grouping">
      {trans.__('Group by')}
      <select
        value={value ?? ''}
        onChange={event => onChange(event.target.value || null)}
      >
        <option value="">{trans.__('nothing')}</option>
        <option value="sweep">{trans.__('sweep')}</option>
        {offered.map(({ id, label }) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** What can be done with the jobs that were chosen. */
function ChosenActions({
  jobs,
  chosen
}: {
  jobs: readonly IJob[];
  chosen: ReadonlySet<string>;
}): JSX.Element | null {
  const { commands, trans } = useViewContext();
  if (chosen.size === 0) {
    return null;
  }
  const found = jobs.filter(({ id }) => chosen.has(id));
  const ids = found.map(({ id }) => id);
  const canCompare =
    ids.length >= LEAST_COMPARED && ids.length <= MOST_COMPARED;
  const running = found.filter(({ state }) => !isEnded(state));
  return (
    <span className="jp-Platform-chosen">
      <strong>{trans.__('%1 chosen', ids.length)}</strong>
      <button
        type="button"
        className="jp-Platform-button jp-mod-filled"
        disabled={!canCompare}
        title={
          canCompare
            ? trans.__('Curves over each other, and what differs')
            : trans.__('Choose %1 to %2 jobs', LEAST_COMPARED, MOST_COMPARED)
        }
        onClick={() => run(commands, CommandIDs.compareJobs, { jobs: ids })}
      >
        {trans.__('Compare')}
      </button>
      {running.length ? (
        <button
          type="button"
          className="jp-Platform-button"
          onClick={() =>
            run(commands, CommandIDs.stopJobs, {
              jobs: running.map(({ id }) => id)
            })
          }
        >
          {trans.__('Stop…')}
        </button>
      ) : null}
      {running.length < ids.length ? (
        <button
          type="button"
          className="jp-Platform-button"
          onClick={() =>
            run(commands, CommandIDs.deleteJobs, {
              jobs: found
                .filter(({ state }) => isEnded(state))
                .map(({ id }) => id)
            })
          }
        >
          {trans.__('Delete…')}
        </button>
      ) : null}
    </span>
  );
}

function Empty({ searched }: { searched: boolean }): JSX.Element {
  const { commands, trans } = useViewContext();
  return searched ? (
    <p className="jp-Platform-hint">{trans.__('No job matches.')}</p>
  ) : (
    <p className="jp-Platform-hint">
      {trans.__('There are no jobs yet.')}{' '}
      <button
        type="button"
        className="jp-Platform-button jp-mod-filled"
        onClick={() => run(commands, CommandIDs.submit)}
      >
        {trans.__('Submit')}
      </button>
    </p>
  );
}
