import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { IPlatformApi } from '../tokens';
import type { IMetrics } from '../wire';

/** Milliseconds between two readings of the curves of a running job. */
export const READ_MS = 1_000;
/** Points a series that are asked for however narrow the plot is. */
const FEWEST_BUCKETS = 200;
/** Points a series at most, as the platform has it. */
const MOST_BUCKETS = 4_000;

/** Steps from the first up to the one behind the last. */
export interface IStepWindow {
  readonly start: number;
  readonly stop: number;
}

/** The curves of a job as they were last read. Never changed in place. */
export interface ICurvesView {
  /** Null until they were read for the first time. */
  readonly metrics: IMetrics | null;
  /** The part that is looked at; null for all. */
  readonly window: IStepWindow | null;
  readonly error: string | null;
}

/** Reads the curves of one job, thinned to the pixels there are. */
export class CurvesFeed implements IDisposable {
  /**
   * @param _api - the platform
   * @param _id - id of the job
   */
  constructor(
    private readonly _api: IPlatformApi,
    private readonly _id: string
  ) {}

  get view(): ICurvesView {
    return this._view;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Read for a plot of another width, in pixels. */
  setWidth(pixels: number): void {
    const wanted = Math.ceil(pixels / 100) * 100;
    const buckets = Math.min(Math.max(wanted, FEWEST_BUCKETS), MOST_BUCKETS);
    if (buckets !== this._buckets) {
      this._buckets = buckets;
      this._readNow();
    }
  }

  /** Look at a part of the curves; null for all of them. */
  setWindow(window: IStepWindow | null): void {
    this._set({ window });
    this._readNow();
  }

  /** There is something new: read it, but not more often than once in `READ_MS`. */
  touch(): void {
    if (this._buckets && !this._isDisposed) {
      const delay = Math.max(0, this._lastRead + READ_MS - Date.now());
      this._timer ||= window.setTimeout(() => this._onTimer(), delay);
    }
  }

  dispose(): void {
    this._isDisposed = true;
    window.clearTimeout(this._timer);
    this._abort.abort();
    Signal.clearData(this);
  }

  private _onTimer(): void {
    this._timer = 0;
    if (this._isReading) {
      // A slow answer is waited for: giving it up each second would never show one.
      this._again = true;
    } else {
      void this._read();
    }
  }

  private _readNow(): void {
    if (this._buckets && !this._isDisposed) {
      this._abort.abort();
      void this._read();
    }
  }

  private async _read(): Promise<void> {
    this._lastRead = Date.now();
    this._isReading = true;
    this._again = false;
    const { signal } = (this._abort = new AbortController());
    const query = { buckets: this._buckets, ...this._view.window };
    try {
      const metrics = await this._api.metrics(this._id, query, signal);
      this._set({ metrics, error: null });
    } catch (error) {
      if (!signal.aborted) {
        const message = error instanceof Error ? error.message : String(error);
        this._set({ error: message });
      }
    }
    if (!signal.aborted) {
      this._isReading = false;
      if (this._again) {
        this.touch();
      }
    }
  }

  private _set(change: Partial<ICurvesView>): void {
    if (!this._isDisposed) {
      this._view = { ...this._view, ...change };
      this._changed.emit();
    }
  }

  private _again = false;
  private _abort = new AbortController();
  private _buckets = 0;
  private readonly _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _isReading = false;
  private _lastRead = 0;
  private _timer = 0;
  private _view: ICurvesView = { metrics: null, window: null, error: null };
}
