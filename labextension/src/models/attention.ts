import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { IPlatformModel } from '../tokens';

/** Where the moment of the last look is kept over a reload. */
export interface ISeenStore {
  load(): Promise<string | null>;
  save(moment: string): void;
}

/** Knows whether a job failed since the person last looked. */
export class Attention implements IDisposable {
  /**
   * @param model - the live model
   * @param store - keeps the moment of the last look
   */
  constructor(
    private readonly _model: IPlatformModel,
    private readonly _store: ISeenStore
  ) {
    _model.changed.connect(() => this._update(), this);
    void _store.load().then(seen => {
      if (this._seen === null) {
        // On the very first visit old failures are no news.
        this._seen = seen ?? new Date().toISOString();
        this._update();
      }
    });
  }

  /** How many jobs failed since the last look. */
  get failures(): number {
    return this._failures;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether the list of jobs is in front of the person right now. */
  setLooking(looking: boolean): void {
    this._looking = looking;
    this._update();
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private _update(): void {
    const failed = [...this._model.state.jobs.values()].filter(
      job => job.state === 'failed' && job.finished_at !== null
    );
    if (this._looking) {
      this._markSeen(failed.map(job => job.finished_at ?? ''));
    }
    const seen = this._seen;
    const failures = failed.filter(
      job => seen !== null && isLater(job.finished_at, seen)
    ).length;
    if (failures !== this._failures) {
      this._failures = failures;
      this._changed.emit();
    }
  }

  /** The clock of the platform counts, which need not be that of this machine. */
  private _markSeen(ends: readonly string[]): void {
    const seen = this._seen;
    const unseen = ends.filter(end => seen === null || isLater(end, seen));
    if (unseen.length > 0) {
      const newest = unseen.reduce((one, other) =>
        isLater(one, other) ? one : other
      );
      this._seen = newest;
      this._store.save(newest);
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _failures = 0;
  private _isDisposed = false;
  private _looking = false;
  private _seen: string | null = null;
}

function isLater(one: string | null, other: string): boolean {
  return one !== null && Date.parse(one) > Date.parse(other);
}
