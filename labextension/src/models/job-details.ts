import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import { PlatformError } from '../request';
import type { IPlatformModel } from '../tokens';
import { isEnded } from '../wire';
import type { IJob, JobState } from '../wire';

/** What is known of the job that a view shows. Never changed in place. */
export interface IJobDetails {
  /** Null until the platform has answered. */
  readonly job: IJob | null;
  /** Whether there is no such job, or no longer. */
  readonly gone: boolean;
  /** Why the job cannot be read, as a sentence; null when it can. */
  readonly error: string | null;
}

/** One job with its result, kept up to date. */
export class JobDetails implements IDisposable {
  /**
   * @param _model - the live model
   * @param _id - id of the job, or a unique beginning of it
   */
  constructor(
    private readonly _model: IPlatformModel,
    private _id: string
  ) {
    _model.changed.connect(() => this._onChanged(), this);
    _model.jobDeleted.connect((_, id) => {
      if (id === this._id) {
        this._set({ gone: true });
      }
    }, this);
    const job = _model.job(_id) ?? null;
    this._view = { job, gone: false, error: null };
    _model.connect();
    this._epoch = epochOf(_model);
    void this.refresh();
  }

  /** Id of the job; the whole of it once the platform has answered. */
  get id(): string {
    return this._id;
  }

  get view(): IJobDetails {
    return this._view;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._abort.signal.aborted;
  }

  /** Read the job again. */
  async refresh(): Promise<void> {
    const { signal } = this._abort;
    try {
      const job = await this._model.api.job(this._id, signal);
      this._id = job.id;
      this._model.remember([job]);
      this._set({ job, gone: false, error: null });
    } catch (error) {
      if (!signal.aborted) {
        this._set(failure(error));
      }
    }
  }

  dispose(): void {
    this._abort.abort();
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private _onChanged(): void {
    const epoch = epochOf(this._model);
    const live = this._model.state.jobs.get(this._id);
    if (live && live !== this._live && !this._view.gone) {
      this._live = live;
      this._take(live);
    }
    if (epoch !== this._epoch) {
      // The platform is there for the first time, or once more.
      this._epoch = epoch;
      void this.refresh();
    }
  }

  /** Take over a live record, which lacks what only that of the single job has. */
  private _take(live: IJob): void {
    const { job } = this._view;
    const read = job ?? { state: null, host: null, hosts: [], result: null };
    const moves = live.host !== read.host;
    const hosts = moves ? [] : read.hosts;
    this._set({ job: { ...live, result: read.result, hosts }, error: null });
    if (hasEnded(live.state, read.state) || (moves && live.target_count > 1)) {
      void this.refresh();
    }
  }

  private _set(change: Partial<IJobDetails>): void {
    if (!this.isDisposed) {
      this._view = { ...this._view, ...change };
      this._changed.emit();
    }
  }

  private readonly _abort = new AbortController();
  private readonly _changed = new Signal<this, void>(this);
  private _epoch: string | null;
  private _live: IJob | undefined;
  private _view: IJobDetails;
}

/** Whether a job has ended that had not before. */
function hasEnded(state: JobState, before: JobState | null): boolean {
  return isEnded(state) && (before === null || !isEnded(before));
}

function epochOf({ state }: IPlatformModel): string | null {
  return state.event && state.event.split('-')[0];
}

function failure(error: unknown): Partial<IJobDetails> {
  if (error instanceof PlatformError && error.code === 'not_found') {
    return { gone: true, error: null };
  }
  return { error: error instanceof Error ? error.message : String(error) };
}
