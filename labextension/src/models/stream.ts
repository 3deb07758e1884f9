import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';
import type { IDisposable } from '@lumino/disposable';

import type { EventMessage } from '../wire';

/** Milliseconds before the first, and at most before any, attempt to reconnect. */
export const FIRST_DELAY_MS = 500;
export const LONGEST_DELAY_MS = 15_000;
/** Milliseconds between two looks at the clock, and what a look may be late. */
const TICK_MS = 5_000;
const SLEPT_AFTER_MS = 20_000;
/** Milliseconds without a message after which a socket counts as dead: hosts report more often. */
export const SILENT_MS = 60_000;

/** Where a stream stands. */
export type StreamPhase = 'closed' | 'opening' | 'open' | 'waiting';

/**
 * One websocket that is kept open.
 *
 * It opens again with growing delays when it was lost, and at once when the
 * network came back, the page is shown again after a while, or the machine slept.
 * One that nobody closed but that has fallen silent is replaced.
 */
export class EventStream implements IDisposable {
  /**
   * @param open - makes a socket that resumes after the given event
   */
  constructor(private readonly _open: (after: string | null) => WebSocket) {}

  get phase(): StreamPhase {
    return this._phase;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** A message arrived. */
  get message(): ISignal<this, EventMessage> {
    return this._message;
  }

  /** The phase changed; the argument tells the new one. */
  get phaseChanged(): ISignal<this, StreamPhase> {
    return this._phaseChanged;
  }

  /** Open the stream, unless that has been done. */
  start(): void {
    if (this._phase !== 'closed' || this._isDisposed) {
      return;
    }
    window.addEventListener('online', this._onOnline);
    document.addEventListener('visibilitychange', this._onVisibility);
    this._lastTick = Date.now();
    this._ticker = window.setInterval(this._onTick, TICK_MS);
    this._connect();
  }

  /** Close the stream until it is started again. */
  stop(): void {
    window.removeEventListener('online', this._onOnline);
    document.removeEventListener('visibilitychange', this._onVisibility);
    window.clearInterval(this._ticker);
    this._drop();
    this._setPhase('closed');
  }

  /** Give up the present socket and open another one now. */
  reconnect(): void {
    if (this._phase === 'closed') {
      this.start();
      return;
    }
    this._delay = FIRST_DELAY_MS;
    this._connect();
  }

  /** Make the next attempt soon: what it needs is known to be there. */
  hurry(): void {
    if (this._phase === 'waiting') {
      window.clearTimeout(this._retry);
      this._retry = window.setTimeout(() => this._connect(), FIRST_DELAY_MS);
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this.stop();
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _connect(): void {
    this._drop();
    this._setPhase('opening');
    const socket = this._open(this._after);
    this._socket = socket;
    this._lastHeard = Date.now();
    socket.onopen = () => {
      this._setPhase('open');
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      this._lastHeard = Date.now();
      // Only a message proves that the platform itself, not just the gateway, answers.
      this._delay = FIRST_DELAY_MS;
      const message = JSON.parse(event.data) as EventMessage;
      this._after = message.event;
      this._message.emit(message);
    };
    socket.onclose = () => {
      this._retryLater();
    };
  }

  private _retryLater(): void {
    this._drop();
    // Several pages that lost one server should not all come back in the same moment.
    const delay = this._delay * (0.75 + Math.random() / 2);
    this._delay = Math.min(this._delay * 2, LONGEST_DELAY_MS);
    this._retry = window.setTimeout(() => this._connect(), delay);
    this._setPhase('waiting');
  }

  private _drop(): void {
    window.clearTimeout(this._retry);
    const socket = this._socket;
    this._socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  private _setPhase(phase: StreamPhase): void {
    if (this._phase !== phase) {
      this._phase = phase;
      this._phaseChanged.emit(phase);
    }
  }

  private readonly _onOnline = (): void => {
    this.reconnect();
  };

  private readonly _onVisibility = (): void => {
    if (!document.hidden && this._phase === 'waiting') {
      this.reconnect();
    }
  };

  /** A timer that comes much too late tells that the machine slept: its socket may be dead too. */
  private readonly _onTick = (): void => {
    const now = Date.now();
    // A hidden page has its timers slowed down, to one a minute.
    const late = now - this._lastTick - TICK_MS;
    const allowed = document.hidden ? 4 * SLEPT_AFTER_MS : SLEPT_AFTER_MS;
    this._lastTick = now;
    const isSilent =
      this._phase === 'open' && now - this._lastHeard > SILENT_MS;
    if (late > allowed || isSilent) {
      this.reconnect();
    }
  };

  private _after: string | null = null;
  private _delay = FIRST_DELAY_MS;
  private _isDisposed = false;
  private _lastHeard = 0;
  private _lastTick = 0;
  private readonly _message = new Signal<this, EventMessage>(this);
  private _phase: StreamPhase = 'closed';
  private readonly _phaseChanged = new Signal<this, StreamPhase>(this);
  private _retry = 0;
  private _socket: WebSocket | null = null;
  private _ticker = 0;
}
