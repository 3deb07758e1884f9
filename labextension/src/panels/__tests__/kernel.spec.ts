import type { SessionContext } from '@jupyterlab/apputils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { KernelMessage, ServiceManager } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { useFakeClock } from '../../models/__tests__/fakes';
import { ASK_AGAIN_MS, AT_HAND_MS, FORGOTTEN_MS, PanelKernel } from '../kernel';
import type { KernelPhase } from '../kernel';
import * as session from '../session';

interface IFakeKernel {
  status: string;
  connectionStatus: string;
}

// The real one needs ipywidgets' extension, which only JupyterLab has.
vi.mock('../session', () => ({
  PATH: 'panels',
  KernelError: class extends Error {},
  newSession: vi.fn(),
  showWidgets: vi.fn(),
  processOf: vi.fn(),
  display: vi.fn(),
  execute: vi.fn()
}));

/** A session whose kernel does what a test says. */
class FakeSession {
  readonly statusChanged = new Signal<this, void>(this);
  readonly connectionStatusChanged = new Signal<this, void>(this);
  readonly sessionChanged = new Signal<this, void>(this);
  readonly iopubMessage = new Signal<this, KernelMessage.IIOPubMessage>(this);
  readonly ready = Promise.resolve();
  readonly initialize = (): Promise<void> => Promise.resolve();
  isDisposed = false;
  process = 'first';
  session: { kernel: IFakeKernel } | null = {
    kernel: {
      status: 'idle',
      connectionStatus: 'connected'
    }
  };

  dispose(): void {
    this.isDisposed = true;
  }

  /** Say something as the kernel does. */
  tell(state: string): void {
    this.iopubMessage.emit({
      header: { msg_type: 'status', session: this.process },
      content: { execution_state: state }
    } as unknown as KernelMessage.IIOPubMessage);
  }

  lose(): void {
    this.session!.kernel.connectionStatus = 'connecting';
    this.connectionStatusChanged.emit();
  }

  end(): void {
    this.session = null;
    this.sessionChanged.emit();
  }
}

const VIEW = {
  renderModel: () => Promise.resolve()
};
const registry = {
  clone: () => registry,
  createRenderer: () => VIEW
} as unknown as IRenderMimeRegistry;
const services = {
  sessions: {
    refreshRunning: () => Promise.resolve(),
    findByPath: () => Promise.resolve(undefined)
  }
} as unknown as ServiceManager.IManager;

let sessions: FakeSession[];
let kernel: PanelKernel;
let phases: KernelPhase[];
let renewed: number;

beforeEach(async () => {
  useFakeClock();
  sessions = [];
  vi.mocked(session.newSession).mockImplementation(() => {
    sessions.push(new FakeSession());
    return sessions[sessions.length - 1] as unknown as SessionContext;
  });
  vi.mocked(session.showWidgets).mockResolvedValue(new Widget());
  vi.mocked(session.display).mockResolvedValue({});
  vi.mocked(session.execute).mockReset();
  vi.mocked(session.processOf).mockImplementation(() =>
    Promise.resolve(sessions[0].process)
  );
  kernel = new PanelKernel(services, registry, nullTranslator.load(''));
  phases = [];
  renewed = 0;
  kernel.changed.connect((_, phase) => phases.push(phase));
  kernel.renewed.connect(() => renewed++);
  kernel.enter();
  await kernel.open('networks');
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('PanelKernel', () => {
  it('should let the kernel go a while after the last panel was closed', async () => {
    kernel.enter();
    kernel.leave();
    vi.advanceTimersByTime(2 * AT_HAND_MS);
    expect(sessions[0].isDisposed).toBe(false);

    kernel.leave();
    vi.advanceTimersByTime(AT_HAND_MS);
    expect(sessions[0].isDisposed).toBe(true);

    kernel.enter();
    await kernel.open('networks');
    expect(sessions).toHaveLength(2);
  });

  it('should keep it for a panel that is opened again in time', async () => {
    kernel.leave();
    vi.advanceTimersByTime(AT_HAND_MS / 2);
    kernel.enter();
    await kernel.open('networks');
    vi.advanceTimersByTime(2 * AT_HAND_MS);

    expect(sessions).toHaveLength(1);
    expect(sessions[0].isDisposed).toBe(false);
  });

  it('should let a panel change only once this page has its widgets', async () => {
    let show = (): void => undefined;
    const shown = new Promise<void>(resolve => (show = resolve));
    vi.spyOn(VIEW, 'renderModel').mockReturnValue(shown);
    vi.mocked(session.execute).mockClear();
    const opened = kernel.open('datasets', 'wine');
    await vi.advanceTimersByTimeAsync(0);
    expect(session.execute).not.toHaveBeenCalled();

    show();
    await opened;

    expect(session.execute).toHaveBeenCalledWith(
      sessions[0].session!.kernel,
      'jupyter_platform.panels.update("datasets", "wine")'
    );
  });

  it('should open panels again on a new process, although its first words were lost', () => {
    sessions[0].tell('idle');
    sessions[0].process = 'second';
    expect(renewed).toBe(0);

    sessions[0].tell('idle');

    expect(phases).toEqual(['live', 'restarting', 'live']);
    expect(renewed).toBe(1);
  });

  it('should find a new process of which nothing was heard when somebody uses a panel', async () => {
    sessions[0].tell('idle');
    kernel.check();
    await vi.advanceTimersByTimeAsync(0);
    expect(renewed).toBe(0);

    sessions[0].process = 'second';
    kernel.check();
    await vi.advanceTimersByTimeAsync(ASK_AGAIN_MS / 2);
    expect(phases).toEqual(['live', 'restarting']);

    sessions[0].tell('idle');
    expect(phases).toEqual(['live', 'restarting', 'live']);
    await vi.advanceTimersByTimeAsync(2 * ASK_AGAIN_MS);
    expect(renewed).toBe(1);
  });

  it('should ask a new process again until what it says comes through', async () => {
    sessions[0].tell('idle');
    sessions[0].process = 'second';
    kernel.check();
    await vi.advanceTimersByTimeAsync(3.5 * ASK_AGAIN_MS);

    expect(session.processOf).toHaveBeenCalledTimes(4);
    expect(renewed).toBe(0);

    sessions[0].tell('busy');
    await vi.advanceTimersByTimeAsync(9 * ASK_AGAIN_MS);
    expect(session.processOf).toHaveBeenCalledTimes(5);
    expect(renewed).toBe(1);
  });

  it('should ask again when an answer was lost', async () => {
    sessions[0].tell('idle');
    sessions[0].process = 'second';
    vi.mocked(session.processOf).mockResolvedValueOnce(null);
    kernel.check();
    await vi.advanceTimersByTimeAsync(ASK_AGAIN_MS);

    expect(phases).toEqual(['live', 'restarting']);
    sessions[0].tell('idle');
    expect(renewed).toBe(1);
  });

  it('should ask before it replaces a kernel that somebody ended', () => {
    sessions[0].lose();
    sessions[0].end();

    expect(phases).toEqual(['live', 'offline', 'gone']);
    expect(sessions).toHaveLength(1);
  });

  it('should replace one that ended while this machine slept, unasked', async () => {
    sessions[0].lose();
    vi.setSystemTime(Date.now() + FORGOTTEN_MS + 1);
    sessions[0].end();
    await vi.advanceTimersByTimeAsync(0);

    expect(phases).toEqual(['live', 'offline', 'restarting', 'live']);
    expect(sessions).toHaveLength(2);
    expect(sessions[0].isDisposed).toBe(true);
    expect(renewed).toBe(1);
  });
});
