/*
 * What the API sends and takes. The types are made from the records of the platform
 * (`./generated`); names stay as they are on the wire.
 */

import type { components } from './generated';
import type { Json } from './json';

export type { Json } from './json';

type Records = components['schemas'];

export type JobType = Records['JobType'];
export type JobState = Records['JobState'];

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

export type IJob = Records['JobRecord'];
export type IJobPage = Records['JobPage'];
export type IJobCheck = Records['JobCheck'];
export type IJobFile = Records['JobFileRecord'];
export type IJobKind = Records['KindSummary'];
export type IJobChange = Records['JobChange'];
export type IJobError = Records['JobErrorRecord'];
export type IJobProgress = Records['JobProgress'];
export type IAttempt = Records['AttemptRecord'];
export type IPrimaryMetric = Records['PrimaryMetric'];
export type IResourceRequest = Records['ResourceRequest'];
export type ILogChunk = Records['LogChunk'];
export type IMetrics = Records['MetricsRecord'];
export type ISeriesPoints = Records['SeriesPoints'];

/** A submission as somebody typed it: text that is no number is refused with its reason. */
export interface IJobSubmission extends Omit<
  Records['JobSubmission'],
  'type' | 'priority' | 'target_count'
> {
  type: JobType;
  priority?: number | string;
  target_count?: number | string;
}

export type SearchMethod = Records['SearchMethod'];
export type ISweep = Records['SweepRecord'];
export type ISweepRange = Records['SweepRange-Output'];

/** A sweep as somebody typed it, like `IJobSubmission`. */
export interface ISweepSubmission extends Omit<
  Records['SweepSubmission'],
  'submission' | 'dimensions' | 'trials'
> {
  submission: IJobSubmission;
  dimensions: { readonly [option: string]: string[] | ISweepRange };
  trials?: number | string;
}

export type IOptionText = Records['OptionText'];
export type IOptionSchema = Records['OptionSchema'];
export type IOptionProperty = Records['OptionProperty'];

export type IStrategy = Records['StrategyRecord'];
/** Where a strategy can take its samples from. */
export type SourceKind = IStrategy['learns_from'][number];

export type INetwork = Records['NetworkRecord'];
export type INetworkDescription = Records['NetworkDescription-Output'];
export type INetworkFacts = Records['NetworkFacts'];
export type INetworkImport = Records['NetworkImport'];
export type ITag = Records['TagRecord'];

export type IDatasetRecord = Records['DatasetRecord'];
export type IDatasetDescriptor = Records['DatasetDescriptor'];
export type IDatasetFacts = Records['DatasetFacts'];
/** A dataset that can be described. */
export interface IDataset extends IDatasetRecord {
  descriptor: IDatasetDescriptor;
}
export type Part = 'train' | 'validation' | 'test';

export type IEnvironment = Records['EnvironmentRecord'];
export type IPool = Records['PoolRecord'];
export type IReplay = Records['ReplayRecord'];
export type ReplayKind = IReplay['kind'];

export type IDeployment = Records['DeploymentRecord'];
export type IDeploymentPage = Records['DeploymentPage'];
export type DeploymentState = Records['DeploymentState'];

export type IHost = Records['HostRecord'];
export type IHostSample = Records['HostSample'];
export type IStatus = Records['StatusRecord'];
export type ISlots = Records['SlotSummary'];

export type INotification = Records['NotificationRecord'];
export type IFieldError = Records['FieldError'];
export type IErrorAnswer = Records['ErrorBody'];

export type EventMessage = Records['EventMessage'];
export type ISnapshotMessage = Records['SnapshotMessage'];

/** What a job came to, by the names of the platform. */
export type Result = NonNullable<IJob['result']>;

/** Options by name. */
export interface IOptions {
  [option: string]: Json;
}
