import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';
import type { IDisposable } from '@lumino/disposable';

import type { IPlatformApi } from '../tokens';
import type { IReplay, ReplayKind } from '../wire';

/** Milliseconds between two looks at what a running agent has played. */
export const LOOK_MS = 5000;

/** One of the episodes that can be looked at. */
export interface IReplayKey {
  readonly kind: ReplayKind;
  readonly rank: number;
}

/** What is known of an agent's episodes. Never changed in place. */
export interface IReplays {
  /** Without pictures; null until they were read. */
  readonly known: readonly IReplay[] | null;
  readonly chosen: IReplayKey;
  /** The chosen episode with its pictures; null until it was read. */
  readonly shown: IReplay | null;
  /** Which of its frames is looked at. */
  readonly frame: number;
  readonly playing: boolean;
  readonly error: string | null;
}

/** The best and the latest episode of a job's agents, and the place in one of them. */
export class Replays implements IDisposable {
  /**
   * @param _api - where episodes are read
   * @param _job - id of the job
   */
  constructor(
    private readonly _api: IPlatformApi,
    private readonly _job: string
  ) {}

  /** Emitted when `view` has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get view(): IReplays {
    return this._view;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /** Look at what there is now; an episode that is shown stays until another is played. */
  async refresh(): Promise<void> {
    try {
      const known = await this._api.replays(this._job);
      this._set({ known, error: null });
      const { shown, playing } = this._view;
      const now = known.find(item => isOf(item, this._view.chosen));
      if (now && !playing && now.episode !== shown?.episode) {
        await this._read();
      }
    } catch (error) {
      this._set({ error: textOf(error) });
    }
  }

  /** Look at another episode. */
  async choose(chosen: IReplayKey): Promise<void> {
    this._set({ chosen, shown: null, frame: 0, playing: false });
    await this._read();
  }

  /** Go to a frame. */
  seek(frame: number): void {
    const last = lastFrame(this._view.shown);
    this._set({ frame: Math.min(Math.max(frame, 0), last) });
  }

  /** Let the episode run, from its beginning where it is at its end. */
  play(playing: boolean): void {
    const { frame, shown } = this._view;
    const atEnd = frame >= lastFrame(shown);
    this._set({ playing, frame: playing && atEnd ? 0 : frame });
  }

  /** Go on by one frame; at the end it stops. */
  tick(): void {
    const { frame, shown, playing } = this._view;
    if (playing && frame < lastFrame(shown)) {
      this._set({ frame: frame + 1 });
    } else if (playing) {
      this._set({ playing: false });
    }
  }

  private async _read(): Promise<void> {
    const { chosen } = this._view;
    try {
      const shown = await this._api.replay(this._job, chosen.kind, chosen.rank);
      if (this._view.chosen === chosen) {
        const frame = Math.min(this._view.frame, lastFrame(shown));
        this._set({ shown, frame, error: null });
      }
    } catch (error) {
      if (this._view.chosen === chosen) {
        this._set({ error: textOf(error) });
      }
    }
  }

  private _set(change: Partial<IReplays>): void {
    if (!this._isDisposed) {
      this._view = { ...this._view, ...change };
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _view: IReplays = {
    known: null,
    chosen: { kind: 'best', rank: 0 },
    shown: null,
    frame: 0,
    playing: false,
    error: null
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether a record is of the episode that is meant. */
export function isOf({ kind, rank }: IReplayKey, key: IReplayKey): boolean {
  return kind === key.kind && rank === key.rank;
}

/** Number of the last frame, or of the last observation where there are no pictures. */
export function lastFrame(replay: IReplay | null): number {
  return Math.max((replay?.steps.length ?? 0) - 1, 0);
}
