import { caretDownIcon, caretUpIcon } from '@jupyterlab/ui-components';
import { useEffect, useState } from 'react';

import { formatCount } from '../../format';
import { MOST_MATCHES } from '../../models/log-search';
import type { ISearchView, LogSearch } from '../../models/log-search';
import { SearchField } from '../search-field';
import { useViewContext } from '../view-context';

/** Milliseconds without typing after which a search is made. */
const DELAY_MS = 300;

interface ILogToolsProps {
  search: LogSearch;
  found: ISearchView;
  following: boolean;
  /** Whether nothing will be added any more. */
  complete: boolean;
  onFollow: (following: boolean) => void;
  /** Another match is looked at. */
  onMove: () => void;
}

/** Search in the log, and whether to keep its end in sight. */
export function LogTools({
  search,
  found,
  following,
  complete,
  onFollow,
  onMove
}: ILogToolsProps): JSX.Element {
  const { trans } = useViewContext();
  const [text, setText] = useState('');
  useEffect(() => {
    const timer = window.setTimeout(() => void search.start(text), DELAY_MS);
    return () => window.clearTimeout(timer);
  }, [search, text]);
  const step = (by: 1 | -1): void => {
    onMove();
    search.step(by);
  };
  const none = found.matches.length === 0;
  return (
    <div className="jp-Platform-logTools">
      <SearchField
        text={text}
        label={trans.__('Search the whole log')}
        placeholder={trans.__('Search the whole log')}
        onChange={setText}
        onEnter={shift => step(shift ? -1 : 1)}
      />
      <button
        type="button"
        className="jp-Platform-iconButton"
        disabled={none}
        title={trans.__('Previous match (Shift+Enter)')}
        aria-label={trans.__('Previous match')}
        onClick={() => step(-1)}
      >
        <caretUpIcon.react tag="span" width="14px" height="14px" />
      </button>
      <button
        type="button"
        className="jp-Platform-iconButton"
        disabled={none}
        title={trans.__('Next match (Enter)')}
        aria-label={trans.__('Next match')}
        onClick={() => step(1)}
      >
        <caretDownIcon.react tag="span" width="14px" height="14px" />
      </button>
      <span className="jp-Platform-quiet" role="status">
        <Count found={found} />
      </span>
      <label className="jp-Platform-follow">
        <input
          type="checkbox"
          checked={following}
          onChange={event => onFollow(event.target.checked)}
        />
        {complete ? trans.__('Stay at the end') : trans.__('Follow')}
      </label>
    </div>
  );
}

function Count({ found }: { found: ISearchView }): JSX.Element | null {
  const { trans } = useViewContext();
  const { text, matches, current, searching, error } = found;
  if (error !== null) {
    return <>{error}</>;
  }
  if (!text) {
    return null;
  }
  const more = matches.length >= MOST_MATCHES ? '+' : searching ? '…' : '';
  const total = formatCount(matches.length) + more;
  if (current !== null) {
    return <>{trans.__('%1 of %2 lines', formatCount(current + 1), total)}</>;
  }
  return matches.length || searching ? (
    <>{trans.__('%1 lines', total)}</>
  ) : (
    <>{trans.__('nothing found')}</>
  );
}
