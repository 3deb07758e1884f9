import { useId, useMemo, useState } from 'react';
import type { KeyboardEvent } from 'react';

import { useViewContext } from '../view-context';

/** One thing that can be chosen. */
export interface IChoice {
  readonly name: string;
  /** What it is, in a few words. */
  readonly title: string;
  /** Its numbers. */
  readonly detail: string;
}

interface IComboboxProps {
  id: string;
  value: string;
  /** Null while they are being read. */
  choices: readonly IChoice[] | null;
  onChange: (value: string) => void;
  /** The list is about to be seen. */
  onOpen?: () => void;
  isInvalid: boolean;
  /** Id of what explains the field. */
  describedBy: string;
}

/** Choices of which each word of the text says something. */
export function matching(
  choices: readonly IChoice[],
  text: string
): readonly IChoice[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return choices.filter(({ name, title, detail }) => {
    const all = `${name} ${title} ${detail}`.toLowerCase();
    return words.every(word => all.includes(word));
  });
}

/** A field that is typed into, over a list of what there is. */
export function Combobox({
  id,
  value,
  choices,
  onChange,
  onOpen,
  isInvalid,
  describedBy
}: IComboboxProps): JSX.Element {
  const { trans } = useViewContext();
  const listId = useId();
  const [open, show, hide] = useOpening(onOpen);
  const [typed, setTyped] = useState<string | null>(null);
  const [at, setAt] = useState(-1);
  const shown = useMatching(choices, typed);
  const choose = (choice: IChoice): void => {
    onChange(choice.name);
    setTyped(null);
    hide();
    setAt(-1);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const count = Math.max(shown.length, 1);
      setAt(open ? (at + step + count) % count : 0);
      show();
    } else if (open && event.key === 'Enter' && !event.ctrlKey && shown[at]) {
      event.preventDefault();
      choose(shown[at]);
    } else if (open && event.key === 'Escape') {
      event.stopPropagation();
      hide();
    }
  };
  return (
    <div
      className="jp-Platform-combobox"
      onBlur={event => {
        if (!event.currentTarget.contains(event.relatedTarget)) {
          hide();
          setTyped(null);
        }
      }}
    >
      <input
        id={id}
        type="text"
        role="combobox"
        autoComplete="off"
        value={value}
        aria-expanded={open}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={open && at >= 0 ? `${listId}-${at}` : undefined}
        aria-invalid={isInvalid}
        aria-describedby={describedBy}
        placeholder={trans.__('Choose or type to search')}
        onChange={event => {
          onChange(event.target.value);
          setTyped(event.target.value);
          show();
          setAt(-1);
        }}
        {...{ onKeyDown }}
        onClick={show}
      />
      {open ? (
        <ChoiceList
          id={listId}
          {...{ shown, at, choose }}
          isReading={choices === null}
        />
      ) : null}
    </div>
  );
}

function useOpening(
  onOpen?: () => void
): [open: boolean, show: () => void, hide: () => void] {
  const [open, setOpen] = useState(false);
  const show = (): void => {
    if (!open) {
      onOpen?.();
    }
    setOpen(true);
  };
  return [open, show, () => setOpen(false)];
}

/** What was chosen narrows nothing: the others are what one then wants to see. */
function useMatching(
  choices: readonly IChoice[] | null,
  typed: string | null
): readonly IChoice[] {
  return useMemo(() => matching(choices ?? [], typed ?? ''), [choices, typed]);
}

interface IChoiceListProps {
  id: string;
  shown: readonly IChoice[];
  /** Position of the one that the keys are at. */
  at: number;
  choose: (choice: IChoice) => void;
  isReading: boolean;
}

function ChoiceList({
  id,
  shown,
  at,
  choose,
  isReading
}: IChoiceListProps): JSX.Element {
  const { trans } = useViewContext();
  return (
    <ul id={id} role="listbox" tabIndex={-1}>
      {shown.map((choice, index) => (
        <li
          key={choice.name}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === at}
          onMouseDown={event => event.preventDefault()}
          onClick={() => choose(choice)}
        >
          <strong>{choice.name}</strong>
          <span className="jp-Platform-quiet">{choice.detail}</span>
          <span>{choice.title}</span>
        </li>
      ))}
      {shown.length === 0 ? (
        <li className="jp-Platform-quiet" aria-disabled>
          {isReading ? trans.__('Reading…') : trans.__('Nothing matches.')}
        </li>
      ) : null}
    </ul>
  );
}
