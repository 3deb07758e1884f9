import { isWaiting } from '../../wire';
import type {
  EventMessage,
  IHost,
  IJob,
  IJobProgress,
  INotification,
  ISeriesPoints,
  IStatus
} from '../../wire';

/** A job with what a test says and plausible values for the rest. */
export function aJob(fields: Partial<IJob> = {}): IJob {
  return {
    id: 'j1',
    name: 'lenet-digits',
    type: 'LEARN',
    category: 'FF',
    owner: 'ada',
    state: 'running',
    target: 'run',
    reason: null,
    networks: ['lenet-digits'],
    dataset: 'digits',
    options: {},
    given: {},
    tag: 'j1',
    request: { cpus: 1, memory: 1e9, gpus: 0 },
    priority: 0,
    target_count: 1,
    targets: [],
    target_filter: null,
    force_free: false,
    submitted_at: '2026-11-22T05:00:00Z',
    started_at: '2026-11-22T05:00:01Z',
    finished_at: null,
    host: 'node1',
    progress: null,
    headline: null,
    attempts: [],
    error: null,
    warnings: [],
    hosts: [],
    sweep: null,
    varied: {},
    note: '',
    result: null,
    scores: [],
    ...fields
  };
}

/** A job that has ended. */
export function anEndedJob(fields: Partial<IJob> = {}): IJob {
  return aJob({
    state: 'finished',
    finished_at: '2026-11-22T05:10:00Z',
    headline: { name: 'accuracy', value: 0.981, on: null },
    ...fields
  });
}

export function aProgress(fields: Partial<IJobProgress> = {}): IJobProgress {
  return {
    step: 100,
    total: 1000,
    rate: 10,
    remaining_s: 90,
    values: { loss: 0.5 },
    unit: 'it',
    ...fields
  };
}

export function aStatus(fields: Partial<IStatus> = {}): IStatus {
  return {
    version: '0.1.0',
    protocol: 1,
    started_at: '2026-11-22T05:00:00Z',
    uptime_s: 60,
    owner: 'ada',
    data_dir: '/data',
    queued: 0,
    running: 0,
    finished: 0,
    hosts: 1,
    hosts_lost: 0,
    slots: { total: 4, busy: 0 },
    gpus: { total: 0, busy: 0 },
    types: {},
    hosts_idle: 1,
    disk_free: 1e11,
    warnings: [],
    processes: {},
    ...fields
  };
}

export function aHost(name = 'node1'): IHost {
  return {
    description: {
      name,
      id: name,
      boot_id: 'b',
      hostname: name,
      arch: 'x86_64',
      os: 'Linux',
      ip: '127.0.0.1',
      machine_cpus: 4,
      cpus: 4,
      memory: 16e9,
      gpus: [],
      gpus_not_offered: [],
      runtimes: { process: null },
      roles: {},
      site: null,
      door: null,
      overcommitted: null,
      warm: true,
      version: '0.1.0',
      torch: null,
      keeps_processes: true
    },
    address: null,
    state: 'up',
    joined_at: '2026-11-22T05:00:00Z',
    last_seen_at: '2026-11-22T05:00:00Z',
    cpus_busy: 0,
    memory_busy: 0,
    gpus_busy: [],
    jobs: [],
    sample: null
  };
}

export function aNotification(
  fields: Partial<INotification> = {}
): INotification {
  return {
    id: 1,
    time: '2026-11-22T05:00:00Z',
    level: 'info',
    message: 'The host node1 joined.',
    job: null,
    host: 'node1',
    owner: null,
    ...fields
  };
}

export function aSnapshot(
  jobs: IJob[] = [],
  event = 'e-0',
  status: IStatus = aStatus()
): EventMessage {
  return {
    type: 'snapshot',
    event,
    status,
    jobs,
    waiting: jobs.filter(job => isWaiting(job.state)).length,
    hosts: [aHost()],
    notifications: []
  };
}

/** A series that was not thinned. */
export function somePoints(
  values: (number | null)[],
  fields: Partial<ISeriesPoints> = {}
): ISeriesPoints {
  const step = values.map((_, at) => at);
  return {
    step,
    time: step.map(at => 1.7e9 + at),
    mean: values,
    min: values,
    max: values,
    points: values.length,
    nonfinite: 0,
    damaged: 0,
    rank: 0,
    ...fields
  };
}
