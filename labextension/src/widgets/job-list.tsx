import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import type { ReactNode, FocusEvent, KeyboardEvent } from 'react';
import { useCallback, useEffect, useRef, useState } from 'react';

import { formatCount } from '../format';
import { CommandIDs } from '../tokens';
import { isEnded } from '../wire';
import type { IJob } from '../wire';
import { run, useViewContext } from './view-context';

interface ISectionProps {
  title: string;
  count: number | null;
  open: boolean;
  onToggle: () => void;
  children: ReactNode;
}

/** A part of the sidebar with a heading that opens and closes it. */
export function Section({
  title,
  count,
  open,
  onToggle,
  children
}: ISectionProps): JSX.Element {
  const Caret = open ? caretDownIcon : caretRightIcon;
  return (
    <section className="jp-Platform-section" aria-label={title}>
      <h3>
        <button
          className="jp-Platform-sectionTitle"
          aria-expanded={open}
          onClick={onToggle}
        >
          <Caret.react tag="span" width="14px" height="14px" />
          {title}
          {count === null ? null : (
            <span className="jp-Platform-count">{formatCount(count)}</span>
          )}
        </button>
      </h3>
      {open ? children : null}
    </section>
  );
}

interface IShowMoreProps {
  shown: number;
  total: number;
  disabled?: boolean;
  onMore: () => void;
}

/** A button under a list of which only the first rows are shown. */
export function ShowMore({
  shown,
  total,
  disabled,
  onMore
}: IShowMoreProps): JSX.Element | null {
  const { trans } = useViewContext();
  return shown < total ? (
    <button className="jp-Platform-link" disabled={disabled} onClick={onMore}>
      {trans.__('Show more (%1 of %2)', formatCount(shown), formatCount(total))}
    </button>
  ) : null;
}

/** What makes a number of job lists one stop of the tab key. */
export interface IRoving {
  /** Id of the job that the tab key stops at. */
  current: string | null;
  onFocus: (event: FocusEvent<HTMLElement>) => void;
  onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
}

/**
 * Let the arrow keys walk over all rows below an element, Enter open one and
 * Delete ask to end or to delete it.
 *
 * @param jobs - the jobs in the order in which they are shown
 */
export function useRoving(jobs: readonly IJob[]): IRoving {
  const { commands, model } = useViewContext();
  const [focused, setFocused] = useState<string | null>(null);
  const latest = useRef(jobs);
  useEffect(() => {
    latest.current = jobs;
  });
  const onFocus = useCallback(
    (event: FocusEvent<HTMLElement>) => {
      const row = event.target.closest<HTMLElement>('[data-job]');
      if (row?.dataset.job) {
        setFocused(row.dataset.job);
        model.selected = row.dataset.job;
      }
    },
    [model]
  );
  const onKeyDown = useCallback(
    (event: KeyboardEvent<HTMLElement>) => {
      const row = (event.target as Element).closest<HTMLElement>(
        '[data-job], [data-sweep]'
      );
      if (!row || event.ctrlKey || event.metaKey || event.altKey) {
        return;
      }
      if (event.key === 'Delete') {
        const job = latest.current.find(item => item.id === row.dataset.job);
        if (job) {
          const ended = isEnded(job.state);
          const command = ended ? CommandIDs.deleteJob : CommandIDs.stopJob;
          run(commands, command, { job: job.id });
        }
      } else if (!moveFocus(event.currentTarget, row, event.key)) {
        return;
      }
      event.preventDefault();
      event.stopPropagation();
    },
    [commands]
  );
  const known = jobs.some(job => job.id === focused);
  const current = known ? focused : (jobs[0]?.id ?? null);
  return { current, onFocus, onKeyDown };
}

/** Move the focus as a key says; false when the key says nothing. */
function moveFocus(list: HTMLElement, row: HTMLElement, key: string): boolean {
  const rows = [...list.querySelectorAll<HTMLElement>('[data-job-main]')];
  const here = rows.findIndex(item => row.contains(item));
  const target = {
    ArrowDown: here + 1,
    ArrowUp: here - 1,
    Home: 0,
    End: rows.length - 1
  }[key];
  if (target !== undefined) {
    rows[Math.min(Math.max(target, 0), rows.length - 1)]?.focus();
    return true;
  }
  if (key === 'ArrowRight' || key === 'ArrowLeft') {
    const buttons = [...row.querySelectorAll<HTMLElement>('button')];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    buttons[at + (key === 'ArrowRight' ? 1 : -1)]?.focus();
    return true;
  }
  return false;
}
