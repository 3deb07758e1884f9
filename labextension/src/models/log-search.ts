import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { IPlatformApi } from '../tokens';
import { offsetOf, shownText, toLines } from './log-window';

/** Bytes that are searched at once. */
export const SEARCH_BYTES = 1_000_000;
/** Lines after which a search ends: nobody walks over more. */
export const MOST_MATCHES = 10_000;

/** What a search has found so far. Never changed in place. */
export interface ISearchView {
  /** The text that is looked for; empty for no search. */
  readonly text: string;
  /** Where the lines that contain it begin, in bytes. */
  readonly matches: readonly number[];
  /** Which of them is shown; null for none. */
  readonly current: number | null;
  readonly searching: boolean;
  readonly error: string | null;
}

const NOTHING: ISearchView = {
  text: '',
  matches: [],
  current: null,
  searching: false,
  error: null
};

/** Searches a whole log for a text, piece by piece, in any case of letters. */
export class LogSearch implements IDisposable {
  /**
   * @param _api - the platform
   * @param _id - id of the job
   * @param _rank - which of its processes
   */
  constructor(
    private readonly _api: IPlatformApi,
    private readonly _id: string,
    private readonly _rank?: number
  ) {}

  get view(): ISearchView {
    return this._view;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Look for another text from the beginning. */
  async start(text: string): Promise<void> {
    this._abort.abort();
    this._scanned = 0;
    this._set({ ...NOTHING, text, searching: text !== '' });
    await this._scan();
  }

  /** Look also into what was written since. */
  async extend(): Promise<void> {
    if (this._view.text && !this._view.searching) {
      await this._scan();
    }
  }

  /** Go to the next match, or with -1 to the one before; over the ends as well. */
  step(by: 1 | -1): void {
    const { matches, current } = this._view;
    if (matches.length) {
      const from = current ?? (by > 0 ? -1 : 0);
      const next = (from + by + matches.length) % matches.length;
      this._set({ current: next });
    }
  }

  dispose(): void {
    this._isDisposed = true;
    this._abort.abort();
    Signal.clearData(this);
  }

  private async _scan(): Promise<void> {
    const { signal } = (this._abort = new AbortController());
    const { text } = this._view;
    if (!text) {
      return;
    }
    try {
      while (await this._scanPiece(text.toLowerCase(), signal)) {
        this._set({ searching: true });
      }
      this._set({ searching: false, error: null });
    } catch (error) {
      if (!signal.aborted) {
        const message = error instanceof Error ? error.message : String(error);
        this._set({ searching: false, error: message });
      }
    }
  }

  /** Search the next piece; false when there is nothing more to search. */
  private async _scanPiece(
    text: string,
    signal: AbortSignal
  ): Promise<boolean> {
    const chunk = await this._api.log(
      this._id,
      this._scanned,
      SEARCH_BYTES,
      signal,
      this._rank
    );
    const atEnd = chunk.next_offset >= chunk.size;
    const lines = toLines(chunk.text, offsetOf(chunk.text, chunk));
    const last = lines[lines.length - 1];
    if (lines.length > 1 && !(atEnd && chunk.complete)) {
      // Its rest is in the next piece.
      lines.pop();
      this._scanned = last.offset;
    } else {
      this._scanned = chunk.next_offset;
    }
    const found = lines
      .filter(line => shownText(line.text).toLowerCase().includes(text))
      .map(line => line.offset);
    const matches = [...this._view.matches, ...found].slice(0, MOST_MATCHES);
    if (found.length) {
      this._set({ matches });
    }
    return !atEnd && matches.length < MOST_MATCHES;
  }

  private _set(change: Partial<ISearchView>): void {
    if (!this._isDisposed) {
      this._view = { ...this._view, ...change };
      this._changed.emit();
    }
  }

  private _abort = new AbortController();
  private readonly _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _scanned = 0;
  private _view: ISearchView = NOTHING;
}
