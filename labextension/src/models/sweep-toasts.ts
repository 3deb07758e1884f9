import type { TranslationBundle } from '@jupyterlab/translation';

import { CommandIDs } from '../tokens';
import type { IJobTransition, IPlatformState } from '../tokens';
import { isEnded } from '../wire';
import type { IJob } from '../wire';
import { commonName } from './sweep-rows';
import type { IToast, IToastChoice } from './toasts';

/** Tells of each sweep once when all of its jobs have ended, and once when the first one fails. */
export class SweepToasts {
  /**
   * Tell what there is to tell of sweeps.
   *
   * @param changes - what happened in a short while
   * @param state - what is known now
   * @returns the changes of other jobs, and the messages about sweeps
   */
  take(
    changes: readonly IJobTransition[],
    state: Pick<IPlatformState, 'jobs' | 'waitingUntil'>,
    choice: IToastChoice,
    trans: TranslationBundle
  ): { rest: IJobTransition[]; toasts: IToast[] } {
    const rest = changes.filter(({ job }) => job.sweep === null);
    const ended = changes.filter(({ from, to }) => from && to && isEnded(to));
    const sweeps = new Set(ended.map(({ job }) => job.sweep));
    const toasts = [...sweeps].flatMap(sweep =>
      sweep === null ? [] : this._toldOf(sweep, state, choice, trans)
    );
    return { rest, toasts };
  }

  private _toldOf(
    sweep: string,
    { jobs, waitingUntil }: Pick<IPlatformState, 'jobs' | 'waitingUntil'>,
    choice: IToastChoice,
    trans: TranslationBundle
  ): IToast[] {
    const members = [...jobs.values()].filter(job => job.sweep === sweep);
    const failed = members.filter(({ state }) => state === 'failed');
    const args = { sweep, name: commonName(members) };
    const command = CommandIDs.openSweep;
    const actions = [{ label: trans.__('Open'), command, args }];
    // Jobs that wait far behind may not be known here.
    if (waitingUntil === null && members.every(job => isEnded(job.state))) {
      this._failed.delete(sweep);
      const toast = ending(args.name, members, failed.length > 0, trans);
      const wanted = failed.length ? choice.toastFailed : choice.toastFinished;
      return wanted ? [{ ...toast, actions }] : [];
    }
    if (failed.length === 0 || this._failed.has(sweep) || !choice.toastFailed) {
      return [];
    }
    this._failed.add(sweep);
    const message = firstFailure(args.name, failed[0], trans);
    return [{ level: 'error', message, actions, isFailure: true }];
  }

  /** Sweeps that go on, of which a failure was told. */
  private readonly _failed = new Set<string>();
}

function ending(
  sweep: string,
  jobs: readonly IJob[],
  isFailure: boolean,
  trans: TranslationBundle
): Omit<IToast, 'actions'> {
  const message = summary(sweep, jobs, trans);
  return { level: isFailure ? 'error' : 'success', message, isFailure };
}

function firstFailure(
  sweep: string,
  job: IJob,
  trans: TranslationBundle
): string {
  const why = job.error?.message.split('\n', 1)[0] ?? job.name;
  return trans.__('A job of sweep %1 failed: %2 The others go on.', sweep, why);
}

/** What became of the jobs of a sweep, as `lenet: 5 jobs finished, 1 failed`. */
function summary(
  name: string,
  jobs: readonly IJob[],
  trans: TranslationBundle
): string {
  const counts = (['finished', 'failed', 'stopped', 'cancelled'] as const)
    .map(state => [state, jobs.filter(job => job.state === state)] as const)
    .filter(([, found]) => found.length > 0);
  const words = {
    finished: trans.__('finished'),
    failed: trans.__('failed'),
    stopped: trans.__('stopped'),
    cancelled: trans.__('cancelled')
  };
  const [[first, found], ...others] = counts;
  const parts = [
    trans._n('%1 job %2', '%1 jobs %2', found.length, words[first]),
    ...others.map(([state, some]) => `${some.length} ${words[state]}`)
  ];
  return trans.__('Sweep %1: %2', name, parts.join(', '));
}
