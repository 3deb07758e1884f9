import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import { PlatformError } from '../request';
import type {
  IConnection,
  IJobTransition,
  IPlatformApi,
  IPlatformModel,
  IPlatformState
} from '../tokens';
import { WAITING_STATES, isEnded, isWaiting } from '../wire';
import type { EventMessage, IJob, INotification } from '../wire';
import {
  EMPTY_STATE,
  reduce,
  transitions,
  waitingJobs,
  withWaiting
} from './state';
import { EventStream } from './stream';
import type { StreamPhase } from './stream';
import { Trends } from './trends';

/** Milliseconds between two signals that something changed. */
export const REPAINT_MS = 250;
/** Waiting jobs that are read at once, and below which more are read unasked. */
export const WAITING_PAGE = 100;
const FEWEST_WAITING = 50;

/** Code of the error of a platform that somebody took down. */
const TAKEN_DOWN = 'taken_down';

/** Keeps the state of the platform up to date over one websocket. */
export class PlatformModel implements IPlatformModel, IDisposable {
  /**
   * @param api - the platform
   * @param trans - for the sentences about the connection
   */
  constructor(
    readonly api: IPlatformApi,
    private readonly _trans: TranslationBundle
  ) {
    this._stream = new EventStream(after => api.events(after));
    this._stream.message.connect((_, message) => this._onMessage(message));
    this._stream.phaseChanged.connect((_, phase) => this._onPhase(phase));
    this._trends = new Trends(api, () => this._touch());
    document.addEventListener('visibilitychange', this._onVisibility);
  }

  get state(): IPlatformState {
    return this._state;
  }

  get connection(): IConnection {
    return this._connection;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get jobTransition(): ISignal<this, IJobTransition> {
    return this._jobTransition;
  }

  get jobDeleted(): ISignal<this, string> {
    return this._jobDeleted;
  }

  get notified(): ISignal<this, INotification> {
    return this._notified;
  }

  get selected(): string | null {
    return this._selected;
  }
  set selected(job: string | null) {
    if (this._selected !== job) {
      this._selected = job;
      this._touch();
    }
  }

  get isDisposed(): boolean {
    return this._stream.isDisposed;
  }

  /**
   * Whether to go on listening while the page is hidden; true at first. What
   * happens meanwhile is caught up with when the page is shown again.
   */
  set listensWhileHidden(listens: boolean) {
    this._listensWhileHidden = listens;
    this._onVisibility();
  }

  job(id: string): IJob | undefined {
    return this._state.jobs.get(id) ?? this._remembered.get(id);
  }

  remember(jobs: readonly IJob[]): void {
    jobs.forEach(job => this._remembered.set(job.id, job));
  }

  trend(id: string): readonly number[] {
    const job = this._state.jobs.get(id);
    return job ? this._trends.get(job) : [];
  }

  async readWaiting(): Promise<void> {
    if (this._state.waitingUntil === null || this._reading) {
      return;
    }
    this._reading = true;
    try {
      const offset = waitingJobs(this._state.jobs).length;
      const query = { state: WAITING_STATES, offset, limit: WAITING_PAGE };
      const page = await this.api.jobs({ ...query, order: 'oldest' });
      const isLast = offset + page.items.length >= page.total;
      this._state = withWaiting(this._state, page.items, isLast);
      this._touch();
    } finally {
      this._reading = false;
    }
  }

  connect(): void {
    if (!this._wanted) {
      this._wanted = true;
      this._stream.start();
    }
  }

  reconnect(): void {
    this._wanted = true;
    this._stream.reconnect();
  }

  async start(): Promise<void> {
    this._setConnection({
      phase: 'connecting',
      message: this._trans.__('Starting the platform…')
    });
    try {
      await this.api.start();
    } finally {
      // Where it did not start, the next look tells why.
      this.reconnect();
    }
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    document.removeEventListener('visibilitychange', this._onVisibility);
    window.clearTimeout(this._timer);
    this._stream.dispose();
    Signal.clearData(this);
  }

  private _onMessage(message: EventMessage): void {
    const before = this._state;
    this._state = reduce(before, message);
    this._trends.update(this._state.jobs.values());
    if (this._connection.phase !== 'live') {
      this._setConnection({ phase: 'live', message: null });
    }
    for (const transition of transitions(before, this._state)) {
      this._jobTransition.emit(transition);
    }
    if (
      message.type === 'notification' &&
      isNew(before, message.notification)
    ) {
      this._notified.emit(message.notification);
    }
    if (message.type === 'job_deleted') {
      this._remembered.delete(message.job_deleted);
      this._jobDeleted.emit(message.job_deleted);
    }
    if (message.type === 'snapshot') {
      this._readKinds();
    }
    if (message.type === 'snapshot' || message.type === 'job') {
      this._trends.keep(this._running());
      this._keepWaiting();
    }
    if (message.type === 'snapshot') {
      // What fails now is read with the next snapshot.
      this._readDeployments().catch(() => undefined);
    }
    this._touch();
  }

  /** Read the deployments; what the stream told meanwhile is newer. */
  private async _readDeployments(): Promise<void> {
    const before = this._state.deployments;
    const { items } = await this.api.deployments();
    const read = new Map(items.map(item => [item.id, item]));
    const told = [...this._state.deployments].filter(
      ([id, item]) => before.get(id) !== item
    );
    const deployments = new Map([...read, ...told]);
    this._state = { ...this._state, deployments };
    this._touch();
  }

  private _readKinds(): void {
    this.api.jobKinds().then(
      kinds => {
        this._state = { ...this._state, kinds };
        this._touch();
      },
      // Rows then say the name of a kind; the next snapshot tries again.
      () => undefined
    );
  }

  /** Read on before the waiting jobs that are known have all begun. */
  private _keepWaiting(): void {
    const { jobs, waitingUntil } = this._state;
    if (waitingUntil !== null && waitingJobs(jobs).length < FEWEST_WAITING) {
      // What fails now is tried with the next event.
      this.readWaiting().catch(() => undefined);
    }
  }

  private _running(): Set<string> {
    const jobs = [...this._state.jobs.values()];
    const running = jobs.filter(
      ({ state }) => !isEnded(state) && !isWaiting(state)
    );
    return new Set(running.map(job => job.id));
  }

  private _onPhase(phase: StreamPhase): void {
    if (phase === 'open' && this._state.event !== null) {
      this._setConnection({ phase: 'live', message: null });
    } else if (this._connection.phase === 'down') {
      if (phase === 'waiting') {
        void this._explain(); // somebody may have started it elsewhere
      }
    } else if (phase === 'opening' && this._state.event === null) {
      const message =
        this._connection.message ?? this._trans.__('Starting the platform…');
      this._setConnection({ phase: 'connecting', message });
    } else if (phase === 'waiting') {
      this._onLoss();
    }
  }

  private _onLoss(): void {
    const known = this._state.event !== null;
    const message = known
      ? this._trans.__('Connection lost. Connecting again…')
      : this._connection.message;
    this._setConnection({
      phase: known ? 'reconnecting' : 'connecting',
      message
    });
    void this._explain();
  }

  /** Ask why there is no connection: a websocket that fails does not tell. */
  private async _explain(): Promise<void> {
    const error = await this.api.status().then(
      () => {
        // The answer may have waited until the platform was there again.
        this._stream.hurry();
        return null;
      },
      (reason: unknown) => (reason instanceof Error ? reason : null)
    );
    const { phase } = this._connection;
    if (!error || phase === 'live' || phase === 'idle') {
      return;
    }
    if (error instanceof PlatformError && error.code === TAKEN_DOWN) {
      const message = this._trans.__('The platform is down.');
      this._setConnection({ phase: 'down', message });
    } else if (phase !== 'down') {
      this._setConnection({ phase, message: error.message });
    }
  }

  private _setConnection(connection: IConnection): void {
    this._connection = connection;
    this._touch();
  }

  /** Tell the views, but not more often than they can be read. */
  private _touch(): void {
    this._dirty = true;
    if (this._timer || document.hidden) {
      return;
    }
    const wait = Math.max(0, this._lastSignal + REPAINT_MS - Date.now());
    this._timer = window.setTimeout(() => {
      this._timer = 0;
      this._signal();
    }, wait);
  }

  private _signal(): void {
    if (this._dirty && !document.hidden) {
      this._dirty = false;
      this._lastSignal = Date.now();
      this._changed.emit();
    }
  }

  private readonly _onVisibility = (): void => {
    if (this._wanted && !this._listensWhileHidden) {
      if (document.hidden) {
        this._stream.stop();
      } else {
        this._stream.start();
      }
    } else if (this._wanted) {
      this._stream.start();
    }
    if (!document.hidden) {
      this._signal();
    }
  };

  private readonly _changed = new Signal<this, void>(this);
  private _connection: IConnection = { phase: 'idle', message: null };
  private _dirty = false;
  private readonly _jobDeleted = new Signal<this, string>(this);
  private readonly _jobTransition = new Signal<this, IJobTransition>(this);
  private _lastSignal = 0;
  private _listensWhileHidden = true;
  private readonly _notified = new Signal<this, INotification>(this);
  private _reading = false;
  private readonly _remembered = new Map<string, IJob>();
  private _selected: string | null = null;
  private _state: IPlatformState = EMPTY_STATE;
  private readonly _stream: EventStream;
  private _timer = 0;
  private readonly _trends: Trends;
  private _wanted = false;
}

function isNew(before: IPlatformState, { id }: INotification): boolean {
  return before.notifications.every(item => item.id !== id);
}
