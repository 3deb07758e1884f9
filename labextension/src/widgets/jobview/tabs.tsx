import { useId, useRef } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';

/** One page of a number of tabs. */
export interface ITab {
  readonly id: string;
  readonly label: string;
}

interface ITabsProps {
  tabs: readonly ITab[];
  current: string;
  onChoose: (id: string) => void;
  /** What the tabs are about. */
  label: string;
  children: ReactNode;
}

/** A row of tabs over the page of one of them. */
export function Tabs({
  tabs,
  current,
  onChoose,
  label,
  children
}: ITabsProps): JSX.Element {
  const prefix = useId();
  const row = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent): void => {
    const here = tabs.findIndex(tab => tab.id === current);
    const steps: { [key: string]: number } = {
      ArrowRight: here + 1,
      ArrowLeft: here - 1,
      Home: 0,
      End: tabs.length - 1
    };
    const next = steps[event.key];
    if (next !== undefined) {
      event.preventDefault();
      const at = (next + tabs.length) % tabs.length;
      onChoose(tabs[at].id);
      row.current?.querySelectorAll('button')[at]?.focus();
    }
  };
  return (
    <div className="jp-Platform-tabs">
      <div
        ref={row}
        className="jp-Platform-tabRow"
        role="tablist"
        aria-label={label}
        onKeyDown={onKeyDown}
      >
        {tabs.map(tab => (
          <button
            key={tab.id}
            id={`${prefix}-${tab.id}`}
            role="tab"
            type="button"
            aria-selected={tab.id === current}
            aria-controls={`${prefix}-page`}
            tabIndex={tab.id === current ? 0 : -1}
            onClick={() => onChoose(tab.id)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div
        id={`${prefix}-page`}
        className="jp-Platform-tabPage"
        role="tabpanel"
        aria-labelledby={`${prefix}-${current}`}
      >
        {children}
      </div>
    </div>
  );
}
