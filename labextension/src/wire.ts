/*
 * The records of `jupyter_platform.core` as the API sends them. Names stay as they are on the wire.
 */

import type { SourceKind } from './acting-wire';
import type { IHost, IStatus } from './host-wire';

/** A value as JSON has them; floats that are not finite arrive as null. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

export type JobType = 'LEARN' | 'EVALUATE' | 'ACT';

export type JobState =
  | 'queued'
  | 'starting'
  | 'running'
  | 'stopping'
  | 'paused'
  | 'unreachable'
  | 'finished'
  | 'stopped'
  | 'failed'
  | 'cancelled';

/** States that a job never leaves. */
export const ENDED_STATES = [
  'finished',
  'stopped',
  'failed',
  'cancelled'
] as const satisfies readonly JobState[];

/** States in which a job waits for a place. */
export const WAITING_STATES = [
  'queued',
  'paused'
] as const satisfies readonly JobState[];

/** Whether a job in this state will never run again. */
export function isEnded(state: JobState): boolean {
  return (ENDED_STATES as readonly JobState[]).includes(state);
}

/** Whether a job in this state waits for a place. */
export function isWaiting(state: JobState): boolean {
  return (WAITING_STATES as readonly JobState[]).includes(state);
}

export interface IResourceRequest {
  cpus: number;
  /** Bytes. */
  memory: number;
  gpus: number;
}

export interface IJobSubmission {
  type: JobType;
  networks: string[];
  dataset?: string | null;
  name?: string | null;
  options?: { [key: string]: Json };
  /** Overrides of the defaults; sizes may be text such as `4GB`. */
  request?: { [resource: string]: number | string };
  /** -100 to 100; what is no number is refused by the platform, with its reason. */
  priority?: number | string;
  /** Processes; what is no number is refused as above. */
  target_count?: number | string;
  /** Names or ids of the hosts that it may use, each for one process. */
  targets?: string[];
  /** Which hosts it may use, such as `(memory>=16GB)`. */
  target_filter?: string;
  force_free?: boolean;
}

/** How a sweep chooses the values of its jobs. */
export type SearchMethod = 'grid' | 'random' | 'hyperband';

/** Numbers between two limits, both of which may be drawn. */
export interface ISweepRange {
  low: number;
  high: number;
  /** Whether the logarithm is drawn evenly. */
  log: boolean;
}

/** What is sent to get a sweep: one submission many times, with some options varied. */
export interface ISweepSubmission {
  submission: IJobSubmission;
  dimensions: { readonly [option: string]: string[] | ISweepRange };
  method: SearchMethod;
  /** Jobs of a search that draws; what is no number is refused by the platform. */
  trials?: number | string;
}

export interface ISweep {
  id: string;
  name: string;
}

export interface IJobError {
  type: string;
  message: string;
  traceback: string | null;
  log_tail: string | null;
}

export interface IJobProgress {
  step: number;
  /** Null for a job without a known end. */
  total: number | null;
  /** Steps per second. */
  rate: number | null;
  remaining_s: number | null;
  /** Latest value of each series; null where it is not finite. */
  values: { [series: string]: number | null };
  /** `it` (weight updates) or `samples`. */
  unit: string;
}

export interface IHeadline {
  name: string;
  value: number | null;
  /** By which samples it was judged, such as `test, 360 samples`; older jobs do not tell. */
  on?: string | null;
}

export interface IAttempt {
  number: number;
  host: string | null;
  state: JobState;
  started_at: string | null;
  finished_at: string | null;
  resume_step: number;
  error: IJobError | null;
}

export interface IJob {
  id: string;
  name: string;
  type: JobType;
  category: string | null;
  owner: string;
  state: JobState;
  target: 'run' | 'stop' | 'delete';
  /** Why it waits, or what it is doing, as a sentence. */
  reason: string | null;
  networks: string[];
  dataset: string | null;
  /** Every option with its resolved value. */
  options: { [key: string]: Json };
  /** The options that were given: what a resubmission starts from. */
  given: { [key: string]: Json };
  tag: string | null;
  request: IResourceRequest;
  priority: number;
  target_count: number;
  targets: string[];
  target_filter: string | null;
  /** Whether it shares its hosts with no other work. */
  force_free: boolean;
  submitted_at: string;
  started_at: string | null;
  finished_at: string | null;
  host: string | null;
  progress: IJobProgress | null;
  headline: IHeadline | null;
  attempts: IAttempt[];
  error: IJobError | null;
  warnings: string[];
  /** Hosts of its processes, by rank, in the latest attempt; only in the record of a single job. */
  hosts: string[];
  /** Id of the sweep that it is part of. */
  sweep: string | null;
  /** Options in which it differs from the other jobs of its sweep. */
  varied: { [key: string]: Json };
  /** What somebody noted about it. */
  note: string;
  /** Only in the record of a single job, not in lists. */
  result: { [key: string]: Json } | null;
}

export interface IJobPage {
  items: IJob[];
  /** Jobs that match, on all pages. */
  total: number;
  offset: number;
}

/** What was read out of a text of `key=value` words. */
export interface IOptionText {
  options: { [key: string]: string };
  errors: IFieldError[];
}

export interface IJobCheck {
  options: { [key: string]: Json };
  /** The options that were given, in the order in which they came, in our spelling. */
  given: { [key: string]: Json };
  request: IResourceRequest;
  /** Of a submission in DIANNE's words: what DIANNE would take where it says nothing. */
  dianne_defaults?: { [key: string]: Json };
  warnings: string[];
  /** A sentence: when it would start, and where. */
  when: string;
}

/** One curve, thinned to buckets; extremes are exact. */
export interface ISeriesPoints {
  /** First step of each bucket. */
  step: number[];
  /** Unix time of the last point of each bucket, s. */
  time: number[];
  /** Null where a bucket holds no finite value; the same for `min` and `max`. */
  mean: (number | null)[];
  min: (number | null)[];
  max: (number | null)[];
  /** Points before thinning. */
  points: number;
  nonfinite: number;
  /** Points that are lost, as files were cut or written over. */
  damaged: number;
  /** Process of a gang that recorded it. */
  rank: number;
}

export interface IMetrics {
  series: { [name: string]: ISeriesPoints };
}

export interface INotification {
  id: number;
  time: string;
  level: 'info' | 'success' | 'warning' | 'danger';
  message: string;
  job: string | null;
  host: string | null;
}

export type {
  IGpu,
  IGpuSample,
  IHost,
  IHostDescription,
  IHostSample,
  ISlots,
  IStatus
} from './host-wire';

export interface ILayer {
  type: string;
  name: string | null;
  inputs: string[] | null;
}

export interface INetworkDescription {
  format: 1;
  name: string;
  title: string;
  summary: string;
  task: 'classification' | 'regression' | null;
  input_shape: number[] | null;
  outputs: number | null;
  layers: ILayer[];
  entry_point: string | null;
  /** Python source that makes it, instead of layers. */
  source: { files: { [path: string]: string }; main: string } | null;
  /** Options that suit this network better than the general defaults. */
  defaults: { [key: string]: Json };
}

export interface ILayerFacts {
  name: string;
  type: string;
  output_shape: number[] | null;
  parameters: number;
}

export interface INetworkFacts {
  layers: ILayerFacts[];
  parameters: number;
  input_shape: number[] | null;
  output_shape: number[] | null;
}

export interface ITagVariant {
  variant: string;
  digest: string;
  bytes: number;
  step: number;
  scores: { [name: string]: number | null };
  /** The job that made them. */
  job: string | null;
}

export interface ITag {
  network: string;
  tag: string;
  job: string | null;
  dataset: string | null;
  network_digest: string;
  input_shape: number[] | null;
  outputs: number | null;
  variants: ITagVariant[];
  updated_at: string;
}

export interface INetwork {
  description: INetworkDescription;
  origin: string;
  /** Null until the inspector has answered. */
  facts: INetworkFacts | null;
  tags: ITag[];
}

export type {
  IDataset,
  IDatasetDescriptor,
  IDatasetFacts,
  IDatasetRecord,
  IDownload,
  IPartFacts,
  Part
} from './dataset-wire';

/** What became of the file of a network that somebody uploaded. */
export interface INetworkImport {
  /** `archive`, `dianne`, `onnx`, `safetensors` or `description`. */
  kind: string;
  network: INetwork;
  tags: string[];
  warnings: string[];
}

/** One option of a job type. */
export interface IOptionProperty {
  title?: string;
  description: string;
  type?: 'string' | 'integer' | 'number' | 'boolean';
  /** `index-set`: text such as `0,1437`. */
  format?: string;
  enum?: Json[];
  default?: Json;
  /** What the default means, where its value does not tell. */
  default_text?: string;
  unit?: string;
  /** Heading under which it belongs. */
  group: string;
  /** One of the few that people change most. */
  common: boolean;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  pattern?: string;
  examples?: Json[];
  /** Values of other options without which this one means nothing. */
  when?: { [option: string]: Json[] };
  /** DIANNE's names of it. */
  dianne?: string[];
}

/** A way of learning. */
export interface IStrategy {
  name: string;
  title: string;
  summary: string;
  /** Types of jobs that know it. */
  types: JobType[];
  /** What each of its networks is for, in the order in which they are given. */
  roles: string[];
  /** Where its samples come from; any one of them is enough. */
  learns_from: SourceKind[];
}

export interface IOptionSchema {
  title: string;
  description: string;
  type: 'object';
  /** In the order in which they are shown. */
  properties: { [name: string]: IOptionProperty };
  additionalProperties: boolean;
}

/** One thing that is wrong with one field of a request. */
export interface IFieldError {
  field: string;
  value: Json;
  /** A whole sentence. */
  message: string;
  accepted: string | null;
  /** The known name nearest to an unknown one. */
  nearest: string | null;
}

export interface IErrorAnswer {
  message: string;
  code: string;
  errors: IFieldError[];
}

export interface ISnapshotMessage {
  type: 'snapshot';
  event: string;
  status: IStatus;
  /** Those that hold a place, the first that wait, the newest that have ended. */
  jobs: IJob[];
  /** How many jobs wait. */
  waiting: number;
  hosts: IHost[];
  notifications: INotification[];
}

/** What the stream of events sends. */
export type EventMessage =
  | ISnapshotMessage
  | { type: 'job'; event: string; job: IJob }
  | { type: 'job_deleted'; event: string; job_deleted: string }
  | { type: 'host'; event: string; host: IHost }
  | { type: 'host_removed'; event: string; host_removed: string }
  | { type: 'notification'; event: string; notification: INotification }
  | { type: 'status'; event: string; status: IStatus }
  | {
      type: 'progress';
      event: string;
      progress: { [job: string]: IJobProgress };
    }
  | {
      type: 'reasons';
      event: string;
      /** Why jobs wait. */
      reasons: { [job: string]: string | null };
    };
