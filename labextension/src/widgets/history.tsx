import { closeIcon, searchIcon } from '@jupyterlab/ui-components';
import { useCallback, useState, useSyncExternalStore } from 'react';

import type {
  HistoryFilter,
  IHistoryView,
  JobHistory
} from '../models/history';
import { Section } from './job-list';
import { JobRow } from './job-row';
import { useSurroundings } from './surroundings';

/** What a list of past jobs shows, painted again when it changed. */
export function useHistory(history: JobHistory, active: boolean): IHistoryView {
  const subscribe = useCallback(
    (listener: () => void) => {
      if (!active) {
        return () => undefined;
      }
      history.changed.connect(listener);
      return () => {
        history.changed.disconnect(listener);
      };
    },
    [history, active]
  );
  return useSyncExternalStore(subscribe, () => history.view);
}

interface IHistoryProps {
  history: JobHistory;
  view: IHistoryView;
  /** Id of the job that the tab key stops at. */
  current: string | null;
  open: boolean;
  onToggle: () => void;
}

/** The jobs that have ended, with filter and search. */
export function HistorySection({
  history,
  view,
  current,
  open,
  onToggle
}: IHistoryProps): JSX.Element {
  const { trans } = useSurroundings();
  return (
    <Section
      title={trans.__('Finished')}
      count={view.total}
      open={open}
      onToggle={onToggle}
    >
      <HistoryTools history={history} view={view} />
      {view.error === null ? null : (
        <p className="jp-Platform-warning" role="alert">
          <span aria-hidden>▲</span> {view.error}
        </p>
      )}
      <ul className="jp-Platform-jobs" aria-busy={view.loading}>
        {view.items.map(job => (
          <JobRow key={job.id} job={job} current={job.id === current} />
        ))}
      </ul>
      <HistoryEnd history={history} view={view} />
    </Section>
  );
}

type ToolsProps = Pick<IHistoryProps, 'history' | 'view'>;

function HistoryTools({ history, view }: ToolsProps): JSX.Element {
  const { trans } = useSurroundings();
  const [text, setText] = useState(view.search);
  const search = (value: string): void => {
    setText(value);
    history.setSearch(value.trim());
  };
  const filters: [HistoryFilter, string][] = [
    ['all', trans.__('all')],
    ['failed', trans.__('failed')]
  ];
  return (
    <div className="jp-Platform-tools">
      <div role="group" aria-label={trans.__('Filter')}>
        {filters.map(([filter, label]) => (
          <button
            key={filter}
            className="jp-Platform-chip"
            aria-pressed={view.filter === filter}
            onClick={() => history.setFilter(filter)}
          >
            {label}
          </button>
        ))}
      </div>
      <label className="jp-Platform-search">
        <searchIcon.react tag="span" width="14px" height="14px" />
        <input
          type="text"
          role="searchbox"
          value={text}
          maxLength={300}
          placeholder={trans.__('Search')}
          aria-label={trans.__('Search finished jobs')}
          onChange={event => search(event.target.value)}
          onKeyDown={event => {
            if (event.key === 'Escape') {
              search('');
            }
          }}
        />
        {text ? (
          <button
            className="jp-Platform-iconButton"
            aria-label={trans.__('Clear the search')}
            onClick={() => search('')}
          >
            <closeIcon.react tag="span" width="12px" height="12px" />
          </button>
        ) : null}
      </label>
    </div>
  );
}

/** What stands under the last row: more to read, or why there is nothing. */
function HistoryEnd({ history, view }: ToolsProps): JSX.Element | null {
  const { trans } = useSurroundings();
  const { items, total, loading, search, filter } = view;
  if (items.length === 0) {
    return (
      <p className="jp-Platform-hint" role="status">
        {loading
          ? trans.__('Reading…')
          : search
            ? trans.__('No finished job matches “%1”.', search)
            : filter === 'failed'
              ? trans.__('No job has failed.')
              : trans.__('No job has finished yet.')}
      </p>
    );
  }
  if (total === null || items.length >= total) {
    return null;
  }
  return (
    <button
      className="jp-Platform-link"
      disabled={loading}
      onClick={() => history.more()}
    >
      {trans.__(
        'Show more (%1 of %2)',
        items.length.toLocaleString('en-US'),
        total.toLocaleString('en-US')
      )}
    </button>
  );
}
