import { closeIcon, searchIcon } from '@jupyterlab/ui-components';

import { useViewContext } from './view-context';

/** Longest text that is worth searching for. */
const MOST_CHARACTERS = 300;

interface ISearchFieldProps {
  text: string;
  /** What is searched, for those who hear the page or point at the field. */
  label: string;
  placeholder?: string;
  onChange: (text: string) => void;
  /** The Enter key was pressed, with the shift key or without. */
  onEnter?: (shift: boolean) => void;
}

/** A field to search in, with a button that empties it; the Escape key does so too. */
export function SearchField({
  text,
  label,
  placeholder,
  onChange,
  onEnter
}: ISearchFieldProps): JSX.Element {
  const { trans } = useViewContext();
  return (
    <label className="jp-Platform-search" title={label}>
      <searchIcon.react tag="span" width="14px" height="14px" />
      <input
        type="text"
        role="searchbox"
        value={text}
        maxLength={MOST_CHARACTERS}
        placeholder={placeholder ?? trans.__('Search')}
        aria-label={label}
        onChange={event => onChange(event.target.value)}
        onKeyDown={event => {
          if (event.key === 'Escape') {
            onChange('');
          } else if (event.key === 'Enter') {
            onEnter?.(event.shiftKey);
          }
        }}
      />
      {text ? (
        <button
          type="button"
          className="jp-Platform-iconButton"
          aria-label={trans.__('Clear the search')}
          onClick={() => onChange('')}
        >
          <closeIcon.react tag="span" width="12px" height="12px" />
        </button>
      ) : null}
    </label>
  );
}
