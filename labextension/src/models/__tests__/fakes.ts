import { vi } from 'vitest';

import { PlatformApi } from '../../request';
import type { EventMessage, IJobPage } from '../../wire';
import { KINDS } from './catalogue';
import { aStatus } from './records';

/** The browser's end of a websocket, with the other end in the hands of the test. */
export class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;

  constructor(readonly after: string | null) {}

  close(): void {
    this.closed = true;
  }

  accept(): void {
    this.onopen?.();
  }

  send(message: EventMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  lose(): void {
    this.onclose?.();
  }
}

/** An API whose sockets are fake and whose requests are answered by spies. */
export class FakeApi extends PlatformApi {
  readonly sockets: FakeSocket[] = [];

  /** The newest socket. */
  get socket(): FakeSocket {
    return this.sockets[this.sockets.length - 1];
  }

  override events(after: string | null): WebSocket {
    const socket = new FakeSocket(after);
    this.sockets.push(socket);
    return socket as unknown as WebSocket;
  }

  override status = vi.fn(() => Promise.resolve(aStatus()));
  override jobs = vi.fn<PlatformApi['jobs']>(() => Promise.resolve(aPage()));
  /** Reads words without quotes; what is no option stands among the errors. */
  override readOptions = vi.fn<PlatformApi['readOptions']>(text => {
    const words = text.split(/\s+/).filter(Boolean);
    const pairs = words.filter(word => word.includes('='));
    const errors = words
      .filter(word => !word.includes('='))
      .map(word => ({
        field: word,
        value: word,
        message: `'${word}' is no option.`,
        accepted: null,
        nearest: null
      }));
    const options = Object.fromEntries(
      pairs.map(word => word.split(/=(.*)/s).slice(0, 2) as [string, string])
    );
    return Promise.resolve({ options, errors });
  });
  override deployments = vi.fn<PlatformApi['deployments']>(() =>
    Promise.resolve({ items: [], total: 0, offset: 0 })
  );
  override strategies = vi.fn<PlatformApi['strategies']>(() =>
    Promise.resolve([])
  );
  override jobKinds = vi.fn<PlatformApi['jobKinds']>(() =>
    Promise.resolve([...KINDS])
  );
  override pools = vi.fn<PlatformApi['pools']>(() => Promise.resolve([]));
  override environments = vi.fn<PlatformApi['environments']>(() =>
    Promise.resolve([])
  );
  override replay = vi.fn<PlatformApi['replay']>(() =>
    Promise.reject(new Error('No episode was kept.'))
  );
  override replays = vi.fn<PlatformApi['replays']>(() => Promise.resolve([]));
  override metrics = vi.fn<PlatformApi['metrics']>(() =>
    Promise.resolve({ series: {} })
  );
}

export function aPage(page: Partial<IJobPage> = {}): IJobPage {
  return { items: [], total: 0, offset: 0, ...page };
}

/** Pretend that the page is hidden, or shown again. */
export function setHidden(hidden: boolean): void {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
  document.dispatchEvent(new Event('visibilitychange'));
}

/** Put the clock into the hands of the test. */
export function useFakeClock(): void {
  vi.useFakeTimers({
    // Not all: JupyterLab's packages fix requestIdleCallback in place.
    toFake: [
      'setTimeout',
      'clearTimeout',
      'setInterval',
      'clearInterval',
      'Date'
    ]
  });
}
