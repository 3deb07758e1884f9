import type { TranslationBundle } from '@jupyterlab/translation';

import { stateIcon } from '../icons';
import { isEnded, isWaiting } from '../wire';
import type { IJob, JobState } from '../wire';

/** The word for a state. */
export function stateLabel(state: JobState, trans: TranslationBundle): string {
  const labels: { readonly [state in JobState]: string } = {
    queued: trans.__('waiting'),
    starting: trans.__('starting'),
    running: trans.__('running'),
    stopping: trans.__('stopping'),
    paused: trans.__('paused'),
    unreachable: trans.__('unreachable'),
    finished: trans.__('finished'),
    stopped: trans.__('stopped'),
    failed: trans.__('failed'),
    cancelled: trans.__('cancelled')
  };
  return labels[state] ?? state;
}

/** The state to show: one that was asked to stop is stopping, even before the platform gets to it. */
export function shownState({ state, target }: IJob): JobState {
  const active = !isEnded(state) && !isWaiting(state);
  return active && state !== 'unreachable' && target === 'stop'
    ? 'stopping'
    : state;
}

interface IStateBadgeProps {
  state: JobState;
  trans: TranslationBundle;
  /** Show the word beside the shape; otherwise it is only read aloud. */
  word?: boolean;
}

/** The state of a job as a shape, a word and a colour. */
export function StateBadge({
  state,
  trans,
  word = true
}: IStateBadgeProps): JSX.Element {
  const label = stateLabel(state, trans);
  const Icon = stateIcon(state);
  return (
    <span
      className="jp-Platform-state"
      data-state={state}
      title={word ? undefined : label}
    >
      <Icon.react tag="span" width="12px" height="12px" aria-hidden />
      <span className={word ? undefined : 'jp-Platform-visuallyHidden'}>
        {label}
      </span>
    </span>
  );
}
