import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { IPlatformApi } from '../tokens';
import type { ILogChunk } from '../wire';

/** Bytes that are read at once. */
export const PIECE_BYTES = 256_000;
/** Bytes that are kept at most: a log may be far larger. */
export const KEPT_BYTES = 4_000_000;
/** Milliseconds between two looks at a log that may grow. */
export const POLL_MS = 1_000;

/** One line of a log. */
export interface ILogLine {
  /** Byte of the log at which it begins. */
  readonly offset: number;
  readonly text: string;
}

/** The part of a log that is here. Never changed in place. */
export interface ILogView {
  readonly lines: readonly ILogLine[];
  /** Byte at which the first line begins. */
  readonly start: number;
  /** Byte behind the last line. */
  readonly end: number;
  /** Bytes in the whole log; null until it was read for the first time. */
  readonly size: number | null;
  /** Whether the job has ended and the end of its log is here. */
  readonly complete: boolean;
  readonly error: string | null;
}

const EMPTY: ILogView = {
  lines: [],
  start: 0,
  end: 0,
  size: null,
  complete: false,
  error: null
};

/** A window of a log, which grows at either end as one reads on. */
export class LogWindow implements IDisposable {
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

  get view(): ILogView {
    return this._view;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._abort.signal.aborted;
  }

  /** Whether the log goes on above what is here. */
  get hasEarlier(): boolean {
    return this._view.start > 0;
  }

  /** Whether the log goes on below what is here. */
  get hasLater(): boolean {
    const { end, size } = this._view;
    return size !== null && end < size;
  }

  /** Whether something is being read. */
  get isReading(): boolean {
    return this._pending > 0;
  }

  /** Show the end of the log. */
  toEnd(): Promise<void> {
    return this._queue(() =>
      this._read(-PIECE_BYTES, PIECE_BYTES, chunk => this._restart(chunk))
    );
  }

  /** Show the part around a byte. */
  toOffset(offset: number): Promise<void> {
    return this._queue(async () => {
      const { start, end } = this._view;
      if (offset < start || offset >= end) {
        const from = Math.max(0, offset - PIECE_BYTES / 2);
        await this._read(from, PIECE_BYTES, chunk => this._restart(chunk));
      }
    });
  }

  /** Read what comes before. */
  earlier(): Promise<void> {
    return this._queue(async () => {
      const { start } = this._view;
      const from = Math.max(0, start - PIECE_BYTES);
      if (start > 0) {
        await this._read(from, start - from, chunk => this._prepend(chunk));
      }
    });
  }

  /** Read what comes after, which may have been written just now. */
  later(): Promise<void> {
    return this._view.size === null
      ? this.toEnd()
      : this._queue(() =>
          this._read(this._view.end, PIECE_BYTES, chunk => this._append(chunk))
        );
  }

  dispose(): void {
    this._abort.abort();
    Signal.clearData(this);
  }

  /** One reading at a time: each starts where the one before it has ended. */
  private async _queue(read: () => Promise<void>): Promise<void> {
    this._pending += 1;
    this._last = this._last.then(read);
    await this._last;
    this._pending -= 1;
  }

  private async _read(
    offset: number,
    limit: number,
    take: (chunk: ILogChunk) => void
  ): Promise<void> {
    const { signal } = this._abort;
    try {
      take(await this._api.log(this._id, offset, limit, signal, this._rank));
    } catch (error) {
      if (!signal.aborted) {
        const message = error instanceof Error ? error.message : String(error);
        this._set({ error: message });
      }
    }
  }

  private _restart(chunk: ILogChunk): void {
    const { offset, text } = wholeLines(chunk);
    this._set({
      lines: toLines(text, offset),
      start: offset,
      ...ending(chunk)
    });
  }

  private _prepend(chunk: ILogChunk): void {
    const { offset, text } = wholeLines(chunk);
    const before = toLines(text, offset);
    // What follows the last line break is the first line that is here already.
    before.pop();
    const lines = [...before, ...this._view.lines];
    const kept = lines.findIndex(line => line.offset - offset > KEPT_BYTES);
    const size = Math.max(chunk.size, this._view.size ?? 0);
    if (kept < 0) {
      this._set({ lines, start: offset, size, error: null });
    } else {
      const end = lines[kept].offset;
      this._set({
        lines: [...lines.slice(0, kept), { offset: end, text: '' }],
        start: offset,
        end,
        size,
        complete: false,
        error: null
      });
    }
  }

  private _append(chunk: ILogChunk): void {
    const { lines, end, complete, size } = this._view;
    const idle = chunk.text === '' && chunk.offset === end;
    if (idle && complete === chunk.complete && size === chunk.size) {
      return;
    }
    const last = lines[lines.length - 1];
    const joined = last
      ? [...lines.slice(0, -1), ...toLines(last.text + chunk.text, last.offset)]
      : toLines(chunk.text, chunk.offset);
    const first = joined.findIndex(
      line => chunk.next_offset - line.offset <= KEPT_BYTES
    );
    const kept = first > 0 ? joined.slice(first) : joined;
    this._set({
      lines: kept,
      start: kept.length ? kept[0].offset : chunk.offset,
      ...ending(chunk)
    });
  }

  private _set(change: Partial<ILogView>): void {
    if (!this.isDisposed) {
      this._view = { ...this._view, ...change };
      this._changed.emit();
    }
  }

  private readonly _abort = new AbortController();
  private readonly _changed = new Signal<this, void>(this);
  private _last: Promise<void> = Promise.resolve();
  private _pending = 0;
  private _view: ILogView = EMPTY;
}

function ending(
  chunk: ILogChunk
): Pick<ILogView, 'end' | 'size' | 'complete' | 'error'> {
  const { next_offset: end, size, complete } = chunk;
  return { end, size, complete, error: null };
}

/**
 * Leave out the line, or the character, that a piece begins in the middle of.
 *
 * @returns where the first whole line begins, and the text from there on
 */
export function wholeLines(chunk: ILogChunk): { offset: number; text: string } {
  const { text } = chunk;
  const cut = chunk.offset === 0 ? -1 : text.indexOf('\n');
  const rest = text.slice(cut + 1);
  return { offset: offsetOf(rest, chunk), text: rest };
}

/**
 * The byte at which the last part of a piece begins.
 *
 * Counted from the end: what a log has lost at its front is missing in the text.
 */
export function offsetOf(rest: string, chunk: ILogChunk): number {
  return Math.max(chunk.offset, chunk.next_offset - byteLength(rest));
}

/** Split a text into lines, each with the byte at which it begins; at least one. */
export function toLines(text: string, offset: number): ILogLine[] {
  let at = offset;
  return text.split('\n').map(line => {
    const begin = at;
    at += byteLength(line) + 1;
    return { offset: begin, text: line };
  });
}

const encoder = new TextEncoder();

/** Bytes that a text takes as UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

// Sequences that set colours and the like: ESC [ … letter.
// eslint-disable-next-line no-control-regex
const ESCAPES = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** A line as a terminal would leave it: without colours, overwritten by what follows a return. */
export function shownText(line: string): string {
  const plain = line.replace(ESCAPES, '').replace(/\r+$/, '');
  return plain.slice(plain.lastIndexOf('\r') + 1);
}
