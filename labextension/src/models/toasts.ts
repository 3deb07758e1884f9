import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyJSONObject } from '@lumino/coreutils';

import { formatHeadline } from '../format';
import { CommandIDs } from '../tokens';
import type { IJobTransition } from '../tokens';
import type { IJob, INotification } from '../wire';

/** More jobs than this in one state are told together. */
export const MOST_TOASTS = 3;
/** Characters of a job's name that a toast shows. */
const NAME_LENGTH = 60;

/** What to tell. */
export interface IToastChoice {
  toastFinished: boolean;
  toastFailed: boolean;
  toastStopped: boolean;
  toastStarted: boolean;
  toastHosts: boolean;
}

/** A button of a toast. */
export interface IToastAction {
  label: string;
  command: string;
  args: ReadonlyJSONObject;
}

/** A message for the person. */
export interface IToast {
  level: 'info' | 'success' | 'warning' | 'error';
  message: string;
  actions: IToastAction[];
  /** Whether it tells of something that went wrong, and is to be read. */
  isFailure: boolean;
}

type Topic = 'finished' | 'failed' | 'stopped' | 'started';

/**
 * Turn what happened in a short while into few messages.
 *
 * @param changes - in the order in which they came
 */
export function jobToasts(
  changes: readonly IJobTransition[],
  choice: IToastChoice,
  trans: TranslationBundle
): IToast[] {
  const topics: { [topic in Topic]: Map<string, IJob> } = {
    failed: new Map(),
    finished: new Map(),
    stopped: new Map(),
    started: new Map()
  };
  for (const change of changes) {
    const topic = topicOf(change);
    if (topic) {
      // One that started and ended within the while is told once, by its end.
      topics.started.delete(change.job.id);
      topics[topic].set(change.job.id, change.job);
    }
  }
  const wanted: { [topic in Topic]: boolean } = {
    failed: choice.toastFailed,
    finished: choice.toastFinished,
    stopped: choice.toastStopped,
    started: choice.toastStarted
  };
  return (Object.keys(topics) as Topic[])
    .filter(topic => wanted[topic])
    .flatMap(topic => told(topic, [...topics[topic].values()], trans));
}

/** The message for something that happened to a host, if it is worth one. */
export function hostToast(
  notification: INotification,
  choice: IToastChoice,
  trans: TranslationBundle
): IToast | null {
  if (notification.host === null || notification.job !== null) {
    return null;
  }
  const { level, message } = notification;
  const command = CommandIDs.openInfrastructure;
  return choice.toastHosts
    ? {
        level: level === 'danger' ? 'error' : level,
        message,
        actions: [{ label: trans.__('Show hosts'), command, args: {} }],
        isFailure: level === 'danger'
      }
    : null;
}

function topicOf({ from, to }: IJobTransition): Topic | null {
  if (from === null) {
    // New, or found to have ended long ago: who submitted it knows.
    return null;
  }
  switch (to) {
    case 'failed':
    case 'finished':
      return to;
    case 'stopped':
    case 'cancelled':
      return 'stopped';
    case 'running':
      return from === 'queued' || from === 'starting' ? 'started' : null;
    default:
      return null;
  }
}

function told(
  topic: Topic,
  jobs: readonly IJob[],
  trans: TranslationBundle
): IToast[] {
  if (jobs.length <= MOST_TOASTS) {
    return jobs.map(job => single(topic, job, trans));
  }
  const messages: { [topic in Topic]: string } = {
    failed: trans.__('%1 jobs failed.', jobs.length),
    finished: trans.__('%1 jobs finished.', jobs.length),
    stopped: trans.__('%1 jobs were stopped.', jobs.length),
    started: trans.__('%1 jobs started.', jobs.length)
  };
  const command = CommandIDs.showSidebar;
  return [
    {
      level: LEVELS[topic],
      message: messages[topic],
      actions: [{ label: trans.__('Show'), command, args: {} }],
      isFailure: topic === 'failed'
    }
  ];
}

const LEVELS: { readonly [topic in Topic]: IToast['level'] } = {
  failed: 'error',
  finished: 'success',
  stopped: 'info',
  started: 'info'
};

function single(topic: Topic, job: IJob, trans: TranslationBundle): IToast {
  const args = { job: job.id };
  const open = { label: trans.__('Open'), command: CommandIDs.openJob, args };
  const resubmit = {
    label: trans.__('Resubmit…'),
    command: CommandIDs.resubmitJob,
    args
  };
  const again = topic === 'failed' || topic === 'stopped';
  return {
    level: LEVELS[topic],
    message: sentence(topic, job, trans),
    actions: again ? [open, resubmit] : [open],
    isFailure: topic === 'failed'
  };
}

function sentence(topic: Topic, job: IJob, trans: TranslationBundle): string {
  const name = shorten(job.name);
  switch (topic) {
    case 'failed':
      return job.error
        ? trans.__('%1 failed: %2', name, job.error.message.split('\n', 1)[0])
        : trans.__('%1 failed.', name);
    case 'finished':
      return job.headline
        ? trans.__('%1 finished: %2', name, formatHeadline(job.headline))
        : trans.__('%1 finished.', name);
    case 'stopped':
      return job.state === 'cancelled'
        ? trans.__('%1 was cancelled.', name)
        : trans.__('%1 was stopped.', name);
    case 'started':
      return trans.__('%1 started.', name);
  }
}

function shorten(name: string): string {
  const letters = [...name];
  return letters.length > NAME_LENGTH
    ? `${letters.slice(0, NAME_LENGTH - 1).join('')}…`
    : name;
}
