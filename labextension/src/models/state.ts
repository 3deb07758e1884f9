import type { IJobTransition, IPlatformState } from '../tokens';
import { isEnded, isWaiting } from '../wire';
import { withDeployment, withDeploymentReasons } from './deployments';
import type { EventMessage, IJob, ISnapshotMessage } from '../wire';

/** Jobs that have ended and are kept; older ones are read page by page. */
export const KEPT_ENDED_JOBS = 200;
/** Notifications that are kept. */
export const KEPT_NOTIFICATIONS = 100;

/** What is known before the first message. */
export const EMPTY_STATE: IPlatformState = {
  event: null,
  status: null,
  jobs: new Map(),
  waitingUntil: null,
  hosts: new Map(),
  kinds: [],
  deployments: new Map(),
  notifications: []
};

/**
 * Fold one message of the stream into the state.
 *
 * A message may come twice, because the platform would rather send one again
 * than leave one out.
 */
export function reduce(
  state: IPlatformState,
  message: EventMessage
): IPlatformState {
  const { event } = message;
  switch (message.type) {
    case 'snapshot':
      return fromSnapshot(state, message);
    case 'job':
      return { ...state, event, jobs: withJob(state, message.job) };
    case 'job_deleted':
      return {
        ...state,
        event,
        jobs: without(state.jobs, message.job_deleted)
      };
    case 'host': {
      const hosts = new Map(state.hosts);
      hosts.set(message.host.description.name, message.host);
      return { ...state, event, hosts };
    }
    case 'host_removed':
      return {
        ...state,
        event,
        hosts: without(state.hosts, message.host_removed)
      };
    case 'notification': {
      const { notification } = message;
      const others = state.notifications.filter(
        item => item.id !== notification.id
      );
      const notifications = [notification, ...others];
      return {
        ...state,
        event,
        notifications: notifications.slice(0, KEPT_NOTIFICATIONS)
      };
    }
    case 'status':
      return { ...state, event, status: message.status };
    case 'reasons':
      return {
        ...state,
        event,
        jobs: withReasons(state.jobs, message),
        deployments: withDeploymentReasons(state.deployments, message)
      };
    case 'progress':
      return { ...state, event, jobs: withProgress(state.jobs, message) };
    default:
      // A newer platform may send more than this page knows.
      return {
        ...state,
        event,
        deployments: withDeployment(state.deployments, message)
      };
  }
}

/**
 * The jobs that came, went or changed their state between two states.
 *
 * @param before - an empty state has no transitions: nothing happened, the page
 * only learns what is
 */
export function transitions(
  before: IPlatformState,
  after: IPlatformState
): IJobTransition[] {
  if (before.event === null || before.jobs === after.jobs) {
    return [];
  }
  const found: IJobTransition[] = [];
  for (const job of after.jobs.values()) {
    const from = before.jobs.get(job.id)?.state ?? null;
    if (from !== job.state) {
      found.push({ job, from, to: job.state });
    }
  }
  for (const job of before.jobs.values()) {
    if (isGone(after, job)) {
      found.push({ job, from: job.state, to: null });
    }
  }
  return found;
}

/** How many jobs wait, also those of which nothing else is known here. */
export function countWaiting(state: IPlatformState): number {
  const known = waitingJobs(state.jobs).length;
  return state.waitingUntil === null
    ? known
    : Math.max(known, state.status?.queued ?? 0);
}

/**
 * Add a page of the jobs that wait.
 *
 * @param isLast - whether there are no more behind it
 */
export function withWaiting(
  state: IPlatformState,
  page: readonly IJob[],
  isLast: boolean
): IPlatformState {
  const jobs = new Map(state.jobs);
  // What the stream has told is newer than a page.
  page.forEach(job => jobs.has(job.id) || jobs.set(job.id, job));
  return { ...state, jobs, waitingUntil: isLast ? null : lastOf(page) };
}

/** The jobs that wait, first in the queue first. */
export function waitingJobs(jobs: ReadonlyMap<string, IJob>): IJob[] {
  return [...jobs.values()]
    .filter(job => isWaiting(job.state))
    .sort((one, other) => bySubmission(other, one));
}

function lastOf(jobs: readonly IJob[]): string | null {
  return jobs.length ? jobs[jobs.length - 1].submitted_at : null;
}

/** Whether a job that was known was deleted, as far as a state tells. */
function isGone(after: IPlatformState, job: IJob): boolean {
  // One that had ended may have left the list only because newer ones came.
  return (
    !after.jobs.has(job.id) && !isEnded(job.state) && !isBehind(after, job)
  );
}

/** Whether a job may wait behind all that are known. */
function isBehind({ waitingUntil }: IPlatformState, job: IJob): boolean {
  return (
    waitingUntil !== null &&
    isWaiting(job.state) &&
    job.submitted_at > waitingUntil
  );
}

function fromSnapshot(
  { kinds, deployments }: IPlatformState,
  message: ISnapshotMessage
): IPlatformState {
  const jobs = new Map(message.jobs.map(job => [job.id, job]));
  const waiting = waitingJobs(jobs);
  return {
    event: message.event,
    status: message.status,
    jobs,
    waitingUntil: message.waiting > waiting.length ? lastOf(waiting) : null,
    hosts: new Map(message.hosts.map(host => [host.description.name, host])),
    kinds,
    deployments, // a snapshot has none: they are read apart
    notifications: message.notifications.slice(0, KEPT_NOTIFICATIONS)
  };
}

function without<T>(
  items: ReadonlyMap<string, T>,
  key: string
): ReadonlyMap<string, T> {
  if (!items.has(key)) {
    return items;
  }
  const rest = new Map(items);
  rest.delete(key);
  return rest;
}

function withJob(state: IPlatformState, job: IJob): ReadonlyMap<string, IJob> {
  const { jobs } = state;
  if (!jobs.has(job.id) && isBehind(state, job)) {
    // It comes with its page.
    return jobs;
  }
  const result = new Map(jobs).set(job.id, job);
  const ended = [...result.values()].filter(item => isEnded(item.state));
  if (ended.length > KEPT_ENDED_JOBS) {
    const oldest = ended.sort(byEnd).slice(KEPT_ENDED_JOBS);
    oldest.forEach(item => result.delete(item.id));
  }
  return result;
}

function withReasons(
  jobs: ReadonlyMap<string, IJob>,
  { reasons }: Extract<EventMessage, { type: 'reasons' }>
): ReadonlyMap<string, IJob> {
  const result = new Map(jobs);
  for (const [id, reason] of Object.entries(reasons)) {
    const job = result.get(id);
    if (job && isWaiting(job.state)) {
      result.set(id, { ...job, reason });
    }
  }
  return result;
}

function withProgress(
  jobs: ReadonlyMap<string, IJob>,
  { progress }: Extract<EventMessage, { type: 'progress' }>
): ReadonlyMap<string, IJob> {
  const result = new Map(jobs);
  for (const [id, latest] of Object.entries(progress)) {
    const job = result.get(id);
    if (job && !isEnded(job.state)) {
      result.set(id, { ...job, progress: latest });
    }
  }
  return result;
}

/** Newest end first. */
export function byEnd(one: IJob, other: IJob): number {
  return (
    compare(other.finished_at, one.finished_at) || bySubmission(one, other)
  );
}

/** Newest submission first. */
export function bySubmission(one: IJob, other: IJob): number {
  return (
    compare(other.submitted_at, one.submitted_at) || compare(other.id, one.id)
  );
}

function compare(one: string | null, other: string | null): number {
  const [a, b] = [one ?? '', other ?? ''];
  return a < b ? -1 : a > b ? 1 : 0;
}
