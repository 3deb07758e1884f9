import type { IJobTransition, IPlatformState } from '../tokens';
import { isEnded } from '../wire';
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
  hosts: new Map(),
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
      return fromSnapshot(message);
    case 'job':
      return { ...state, event, jobs: withJob(state.jobs, message.job) };
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
    case 'progress':
      return { ...state, event, jobs: withProgress(state.jobs, message) };
    default:
      // A newer platform may send more than this page knows.
      return { ...state, event };
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
    // One that had ended may have left the list only because newer ones came.
    if (!after.jobs.has(job.id) && !isEnded(job.state)) {
      found.push({ job, from: job.state, to: null });
    }
  }
  return found;
}

function fromSnapshot(message: ISnapshotMessage): IPlatformState {
  return {
    event: message.event,
    status: message.status,
    jobs: new Map(message.jobs.map(job => [job.id, job])),
    hosts: new Map(message.hosts.map(host => [host.description.name, host])),
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

function withJob(
  jobs: ReadonlyMap<string, IJob>,
  job: IJob
): ReadonlyMap<string, IJob> {
  const result = new Map(jobs).set(job.id, job);
  const ended = [...result.values()].filter(item => isEnded(item.state));
  if (ended.length > KEPT_ENDED_JOBS) {
    const oldest = ended.sort(byEnd).slice(KEPT_ENDED_JOBS);
    oldest.forEach(item => result.delete(item.id));
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
