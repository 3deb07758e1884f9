import { Token } from '@lumino/coreutils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type {
  IEnvironment,
  IPool,
  IReplay,
  ReplayKind,
  IDeployment,
  IDeploymentPage,
  IJobChange,
  ILogChunk,
  IHost,
  IJob,
  IJobCheck,
  IJobFile,
  IJobKind,
  IJobPage,
  IJobSubmission,
  IMetrics,
  INetwork,
  INetworkImport,
  INotification,
  IOptionSchema,
  IOptionText,
  IDataset,
  IStatus,
  IStrategy,
  ISweep,
  ISweepSubmission,
  JobState,
  JobType
} from './wire';

/** Identifies the plugins of this extension. */
export const EXTENSION_ID = '@jupyter-platform/platform';

/** Domain of the translations. */
export const TRANSLATION_DOMAIN = 'jupyter_platform';

/**
 * Commands of the extension.
 *
 * Those about a job take `{ job: <id> }` and fall back to the selected job.
 */
export const CommandIDs = {
  /** `{ from?: <job id to start from>, as?: 'again' | 'evaluate' | 'continue', type?, network?, dataset?, tag?, activate? }`. */
  submit: 'jupyter-platform:submit',
  /** `{ job, activate?: boolean }`. */
  openJob: 'jupyter-platform:open-job',
  openJobs: 'jupyter-platform:open-jobs',
  /** `{ sweep: <id>, name? }`. */
  openSweep: 'jupyter-platform:open-sweep',
  /** `{ jobs: <ids> }`, two to twenty. */
  compareJobs: 'jupyter-platform:compare-jobs',
  /** `{ jobs: <ids> }`. */
  stopJobs: 'jupyter-platform:stop-jobs',
  /** `{ jobs: <ids> }`. */
  deleteJobs: 'jupyter-platform:delete-jobs',
  /** `{ job }`. */
  renameJob: 'jupyter-platform:rename-job',
  /** `{ job }`. */
  noteJob: 'jupyter-platform:note-job',
  stopJob: 'jupyter-platform:stop-job',
  deleteJob: 'jupyter-platform:delete-job',
  resubmitJob: 'jupyter-platform:resubmit-job',
  evaluateJob: 'jupyter-platform:evaluate-job',
  continueJob: 'jupyter-platform:continue-job',
  tryJob: 'jupyter-platform:try-job',
  copyJobId: 'jupyter-platform:copy-job-id',
  downloadJob: 'jupyter-platform:download-job',
  showSidebar: 'jupyter-platform:show-sidebar',
  reconnect: 'jupyter-platform:reconnect',
  startPlatform: 'jupyter-platform:start-platform',
  openSettings: 'jupyter-platform:open-settings',
  /** `{ name: <of a dashboard of the server> }`. */
  openDashboard: 'jupyter-platform:open-dashboard',
  openInfrastructure: 'jupyter-platform:open-infrastructure',
  openNetworks: 'jupyter-platform:open-networks',
  openDatasets: 'jupyter-platform:open-datasets',
  /** `{ network: <name>, tag?: <weights to try> }`. */
  openNetwork: 'jupyter-platform:open-network',
  openBuilder: 'jupyter-platform:open-builder',
  /** `{ dataset: <name> }`, or `{ add: <path on the server> }` to see how that would be read. */
  openDataset: 'jupyter-platform:open-dataset',
  /** `{ path: <as the file browser has it> }`; what is selected there when absent. */
  useAsDataset: 'jupyter-platform:use-as-dataset',
  submitFiles: 'jupyter-platform:submit-files'
} as const;

/** What a job is made for that follows another one. */
export const NEXT = ['again', 'evaluate', 'continue'] as const;

export type Next = (typeof NEXT)[number];

/** Which jobs to list; what is left out does not narrow. */
export interface IJobQuery {
  state?: readonly JobState[];
  type?: JobType;
  search?: string;
  name?: string;
  ids?: readonly string[];
  /** Id of a sweep. */
  sweep?: string;
  limit?: number;
  offset?: number;
  order?: 'newest' | 'oldest';
}

/** Which part of the curves to read, and how finely. */
export interface IMetricsQuery {
  /** Names of series; all when absent. */
  series?: readonly string[];
  /** At most so many points a series: the width of the plot in pixels. */
  buckets?: number;
  /** First step. */
  start?: number;
  /** Step after the last. */
  stop?: number;
}

/** What an output of a notebook holds: MIME type to data. */
export type IMimeBundle = ReadonlyPartialJSONObject;

/** The routes of the platform, one method each. All reject with `PlatformError`. */
export interface IPlatformApi {
  status(): Promise<IStatus>;
  /** Start the platform where it is down. */
  start(): Promise<void>;
  /** Queue a job; sent again under the same key it is the same job. */
  submit(submission: IJobSubmission, key?: string): Promise<IJob>;
  /** Queue all jobs of a sweep, or none; sent again under the same key it is the same sweep. */
  submitSweep(sweep: ISweepSubmission, key?: string): Promise<ISweep>;
  /** Ask what a submission would do, without storing anything. */
  check(submission: IJobSubmission, signal?: AbortSignal): Promise<IJobCheck>;
  jobs(query?: IJobQuery, signal?: AbortSignal): Promise<IJobPage>;
  /** One job with its result. */
  job(id: string, signal?: AbortSignal): Promise<IJob>;
  /** A job as an output of a notebook keeps it: MIME type to data. */
  jobOutput(id: string, signal?: AbortSignal): Promise<IMimeBundle>;
  /** The same of a list of jobs; `total`: how many there were when it was made. */
  jobsOutput(ids: readonly string[], total: number): Promise<IMimeBundle>;
  stopJob(id: string): Promise<IJob>;
  /** Change what people call a job, or what they noted about it. */
  changeJob(id: string, change: IJobChange): Promise<IJob>;
  /** Hide a job that has ended; it is removed after a minute. */
  deleteJob(id: string): Promise<void>;
  /** Bring a job back that was deleted less than a minute ago. */
  restoreJob(id: string): Promise<IJob>;
  metrics(
    id: string,
    query?: IMetricsQuery,
    signal?: AbortSignal
  ): Promise<IMetrics>;
  /** A piece of the log of a rank; a negative offset counts from its end, in bytes. */
  log(
    id: string,
    offset: number,
    limit?: number,
    signal?: AbortSignal,
    rank?: number
  ): Promise<ILogChunk>;
  /** Address of the zip of everything about a job. */
  archiveUrl(id: string): string;
  /** Address of a file that a job has made for people. */
  fileUrl(id: string, name: string): string;
  /** The files that a job has made for people. */
  jobFiles(id: string): Promise<IJobFile[]>;
  /** One of them that holds JSON, such as a notebook. */
  jobFile(id: string, name: string): Promise<unknown>;
  /** The kinds of jobs that can be submitted, with what they work on. */
  jobKinds(): Promise<IJobKind[]>;
  /** Read `key=value` words as every surface of the platform does. */
  readOptions(text: string): Promise<IOptionText>;
  optionSchema(type: JobType): Promise<IOptionSchema>;
  strategies(): Promise<IStrategy[]>;
  /** The best and the latest episode of a job's agents, without pictures. */
  replays(id: string): Promise<IReplay[]>;
  /** One of them with its pictures. */
  replay(id: string, kind: ReplayKind, rank: number): Promise<IReplay>;
  pools(): Promise<IPool[]>;
  /** The environments that are installed on the hosts. */
  environments(): Promise<IEnvironment[]>;
  networks(): Promise<INetwork[]>;
  network(name: string): Promise<INetwork>;
  /** Add a network from a file: an archive, DIANNE's, ONNX, a description, weights or a module. */
  importNetwork(file: File): Promise<INetworkImport>;
  datasets(): Promise<IDataset[]>;
  dataset(name: string): Promise<IDataset>;
  /** Your deployments, newest first. */
  deployments(): Promise<IDeploymentPage>;
  hosts(): Promise<IHost[]>;
  /** Open the stream of events, resuming after an event where that is known. */
  events(after: string | null): WebSocket;
  /** Address of a page below the Jupyter server's own, such as a service of a deployment. */
  pageUrl(path: string): string;
  /** Address of a dashboard's page. */
  dashboardUrl(name: string, theme: 'light' | 'dark'): string;
}

/** Whether what is shown is live. */
export interface IConnection {
  /**
   * `idle`: not asked to connect yet; `connecting`: no state yet; `live`;
   * `reconnecting`: the state is the last one known; `down`: somebody took the platform down.
   */
  readonly phase: 'idle' | 'connecting' | 'live' | 'reconnecting' | 'down';
  /** Why it is not live, as a sentence; null when there is nothing to say. */
  readonly message: string | null;
}

/** Everything that is known about the platform. Never changed in place. */
export interface IPlatformState {
  /** Id of the last event that went into this state. */
  readonly event: string | null;
  readonly status: IStatus | null;
  /** Jobs that hold a place, the first of those that wait, the newest of those that have ended. */
  readonly jobs: ReadonlyMap<string, IJob>;
  /** When the last waiting job that is known was submitted; null where all are known. */
  readonly waitingUntil: string | null;
  readonly hosts: ReadonlyMap<string, IHost>;
  /** The kinds of jobs that there are; none until they were read. */
  readonly kinds: readonly IJobKind[];
  /** What was deployed from the marketplace. */
  readonly deployments: ReadonlyMap<string, IDeployment>;
  /** Newest first. */
  readonly notifications: readonly INotification[];
}

/** A job that came, went or changed its state. */
export interface IJobTransition {
  /** The job as it is now; as it was, when it was deleted. */
  readonly job: IJob;
  /** Null for a new job. */
  readonly from: JobState | null;
  /** Null for a deleted job. */
  readonly to: JobState | null;
}

/** The platform as this page sees it, kept up to date by one websocket. */
export interface IPlatformModel {
  readonly api: IPlatformApi;
  /** The latest state, also between two signals. */
  readonly state: IPlatformState;
  readonly connection: IConnection;
  /** State or connection changed; at most four times a second, never while the page is hidden. */
  readonly changed: ISignal<IPlatformModel, void>;
  /** A job came, went or changed its state; at once, also while the page is hidden. */
  readonly jobTransition: ISignal<IPlatformModel, IJobTransition>;
  /** A job was deleted, here or elsewhere; the argument is its id. */
  readonly jobDeleted: ISignal<IPlatformModel, string>;
  /** Something happened that people should know; at once. */
  readonly notified: ISignal<IPlatformModel, INotification>;
  /** The job that commands without an argument mean; null for none. */
  selected: string | null;
  /** What is known of a job here, live or as it was last read. */
  job(id: string): IJob | undefined;
  /** Keep records that were read, for the commands about these jobs. */
  remember(jobs: readonly IJob[]): void;
  /**
   * The loss of a running job, or the return of its agents, from the first step on, thinned, for
   * a small curve.
   * Asking for it starts to follow it.
   */
  trend(job: string): readonly number[];
  /** Read the next jobs that wait; does nothing where all are known. */
  readWaiting(): Promise<void>;
  /** Connect, unless that has been done. */
  connect(): void;
  /** Give up the present connection and make another one now. */
  reconnect(): void;
  /** Start the platform where it is down, and connect. */
  start(): Promise<void>;
}

export const IPlatformModel = new Token<IPlatformModel>(
  `${EXTENSION_ID}:IPlatformModel`,
  'The platform as this page sees it: jobs, hosts and the API behind them.'
);

/** Something beside the jobs that can be opened: a panel, a dashboard, a table. */
export interface IPlace {
  /** What a link calls it: `…/lab?open=<name>`. */
  readonly name: string;
  /** Opens it; its label and icon stand in menus. */
  readonly command: string;
  /** Where it stands in menus, smallest first; a new group begins with each hundred. */
  readonly rank: number;
}

/** What can be opened: the entries of the sidebar's Open menu, which plugins add to. */
export interface IPlaces {
  /** In the order of menus. */
  readonly list: readonly IPlace[];
  /** Offer another place; its command is to be there when a menu opens. */
  add(place: IPlace): void;
  /**
   * Whether this application has tabs of a main area. Where it has none, as in Notebook 7,
   * commands call `visit()` instead of adding to it.
   */
  readonly hasTabs: boolean;
  /**
   * Open JupyterLab in a page of its own, at what a link asks for.
   *
   * @param query - such as `{ job: <id> }` or `{ open: <name of a place> }`
   */
  visit(query: { readonly [word: string]: string }): void;
}

export const IPlaces = new Token<IPlaces>(
  `${EXTENSION_ID}:IPlaces`,
  'What of the platform can be opened: entries of the Open menu, which plugins add to.'
);
