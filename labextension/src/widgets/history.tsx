import { useCallback, useState, useSyncExternalStore } from 'react';

import type {
  HistoryFilter,
  IHistoryView,
  JobHistory
} from '../models/history';
import type { ILabel } from '../models/labels';
import { Section, ShowMore } from './job-list';
import { JobRows } from './job-rows';
import { SearchField } from './search-field';
import { useViewContext } from './view-context';

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
  labels: ReadonlyMap<string, ILabel>;
  /** Id of the job that the tab key stops at. */
  current: string | null;
  open: boolean;
  onToggle: () => void;
}

/** The jobs that have ended, with filter and search. */
export function HistorySection({
  history,
  view,
  labels,
  current,
  open,
  onToggle
}: IHistoryProps): JSX.Element {
  const { trans } = useViewContext();
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
        <JobRows jobs={view.items} {...{ labels, current }} />
      </ul>
      <HistoryEnd history={history} view={view} />
    </Section>
  );
}

type ToolsProps = Pick<IHistoryProps, 'history' | 'view'>;

function HistoryTools({ history, view }: ToolsProps): JSX.Element {
  const { trans } = useViewContext();
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
      <SearchField
        text={text}
        label={trans.__(
          'Search finished jobs: name, network, dataset, id, or an option such as learning_rate=0.2'
        )}
        onChange={search}
      />
    </div>
  );
}

/** What stands under the last row: more to read, or why there is nothing. */
function HistoryEnd({ history, view }: ToolsProps): JSX.Element | null {
  const { trans } = useViewContext();
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
  return total === null ? null : (
    <ShowMore
      shown={items.length}
      total={total}
      disabled={loading}
      onMore={() => history.more()}
    />
  );
}
