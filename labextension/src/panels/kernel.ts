import type { SessionContext } from '@jupyterlab/apputils';
import { MimeModel } from '@jupyterlab/rendermime';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { CommsOverSubshells, KernelMessage } from '@jupyterlab/services';
import type { Kernel, ServiceManager } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

import { VERSION } from '../version';
import { openingCode, updatingCode } from './opening-code';
import {
  display,
  execute,
  KernelError,
  newSession,
  PATH,
  processOf,
  showWidgets
} from './session';

/** Milliseconds for which the kernel is kept at hand for a panel that is opened again. */
export const AT_HAND_MS = 300_000;
/** Milliseconds without a connection after which a kernel that ended is replaced unasked. */
export const FORGOTTEN_MS = 60_000;
/** Milliseconds between two questions to a new process that is not heard yet. */
export const ASK_AGAIN_MS = 300;
/** Milliseconds for which the kernel may leave such a question unanswered. */
const ANSWER_MS = 5000;

const WIDGET_VIEW = 'application/vnd.jupyter.widget-view+json';

/** A kernel that has been there begins anew in these. */
const RESTARTING: readonly string[] = [
  'starting',
  'restarting',
  'autorestarting'
];

/**
 * How the kernel of the panels is.
 *
 * `restarting`: it comes back by itself; `offline`: it cannot be reached now; `gone`: it has ended.
 */
export type KernelPhase =
  'starting' | 'live' | 'restarting' | 'offline' | 'gone';

/** Where panels run. */
export interface IPanelKernel {
  /** The phase changed. */
  readonly changed: ISignal<IPanelKernel, KernelPhase>;
  /** The kernel is a new process: what was shown has to be opened again. */
  readonly renewed: ISignal<IPanelKernel, void>;
  /**
   * Show a panel, starting the kernel where there is none.
   *
   * @param name - as the Python side knows it
   * @param item - what of it to show first, in panels that show one of several: its name, and
   * for a network the weights to try
   */
  open(name: string, ...item: readonly string[]): Promise<Widget>;
  /** End the process of the kernel and start another; panels are opened again. */
  restart(): Promise<void>;
  /** Somebody uses a panel: see whether the kernel is still the process that it was opened on. */
  check(): void;
  /** A panel is shown. */
  enter(): void;
  /** A panel is shown no more; after the last one the kernel is let go. */
  leave(): void;
}

/** The one kernel on which the panels of this page run, and of other pages too. */
export class PanelKernel implements IPanelKernel {
  /**
   * @param rendermime - copied; the copy alone learns to show the widgets of this kernel
   */
  constructor(
    private readonly _services: ServiceManager.IManager,
    private readonly _rendermime: IRenderMimeRegistry,
    private readonly _trans: TranslationBundle
  ) {}

  get changed(): ISignal<PanelKernel, KernelPhase> {
    return this._changed;
  }

  get renewed(): ISignal<PanelKernel, void> {
    return this._renewed;
  }

  async open(name: string, ...item: readonly string[]): Promise<Widget> {
    await this._connect();
    const data = await this._show(name);
    const registry = this._registry;
    if (!registry) {
      throw new Error(this._trans.__('The kernel of the panels is gone.'));
    }
    const view = registry.createRenderer(WIDGET_VIEW);
    await view.renderModel(new MimeModel({ data, trusted: true }));
    // Only now does this page hear of changes: before, it was still fetching the widgets' state.
    await execute(this._kernel(), updatingCode([name, ...item]));
    return view;
  }

  check(): void {
    if (this._phase === 'live' && !this._isChecking) {
      this._isChecking = true;
      this._askUntilSure()
        .catch(() => undefined) // that it ended meanwhile is noticed otherwise
        .finally(() => {
          this._isChecking = false;
        });
    }
  }

  enter(): void {
    this._shown++;
    window.clearTimeout(this._letting);
  }

  leave(): void {
    this._shown--;
    if (this._shown === 0) {
      this._letting = window.setTimeout(() => this._letGo(), AT_HAND_MS);
    }
  }

  async restart(): Promise<void> {
    this._enter('restarting');
    try {
      // What this page knows of sessions may be older than the end of this one.
      await this._services.sessions.refreshRunning();
      const kernel = this._session?.session?.kernel;
      const isThere = await this._services.sessions.findByPath(PATH);
      if (this._session && isThere && kernel && kernel.status !== 'dead') {
        await this._session.restartKernel();
      } else {
        await this._connectAnew();
      }
    } catch (error) {
      this._enter('gone');
      throw error;
    }
    this._look();
  }

  /** Leave a session that has ended; what is there by now, or a new one, takes its place. */
  private async _connectAnew(): Promise<void> {
    this._letGo();
    await this._connect();
    this._renewed.emit();
  }

  /** Close the connection: the Jupyter server ends a kernel that nobody uses for long. */
  private _letGo(): void {
    this._widgets?.dispose();
    this._session?.dispose();
    this._widgets = this._session = this._connecting = null;
    this._registry = this._process = null;
    this._isUnheard = false;
  }

  private _connect(): Promise<void> {
    this._connecting ??= this._start().catch((error: unknown) => {
      this._connecting = null;
      throw error;
    });
    return this._connecting;
  }

  private async _start(): Promise<void> {
    const name = this._trans.__('AI platform panels');
    const session = newSession(this._services, name);
    try {
      await session.initialize();
      const kernel = session.session?.kernel;
      if (!kernel) {
        throw new Error(
          this._trans.__('No Python kernel could be started for the panels.')
        );
      }
      // A panel keeps nobody waiting, and a subshell would change it in another thread.
      kernel.commsOverSubshells = CommsOverSubshells.Disabled;
      await session.ready;
      const registry = this._rendermime.clone();
      this._widgets = await showWidgets(session, registry);
      this._registry = registry;
    } catch (error) {
      session.dispose();
      throw error;
    }
    this._session = session;
    session.statusChanged.connect(() => this._look());
    session.connectionStatusChanged.connect(() => this._look());
    session.sessionChanged.connect(() => this._look());
    session.iopubMessage.connect((_, message) => this._hear(message));
    this._enter('live');
  }

  /** Ask for a panel; a kernel with code of another version is restarted, once in a page. */
  private async _show(name: string): ReturnType<typeof display> {
    const code = openingCode([name, VERSION]);
    try {
      return await display(this._kernel(), code);
    } catch (error) {
      if (!isOtherVersion(error)) {
        throw error;
      }
      if (this._restartedForVersion) {
        throw this._reload(error);
      }
    }
    this._restartedForVersion = true;
    await this._session?.restartKernel();
    return this._show(name);
  }

  private _reload(error: KernelError): Error {
    return new Error(
      this._trans.__(
        '%1 Save your work and reload this page; if that does not help, restart the Jupyter server.',
        error.message
      )
    );
  }

  private _kernel(): Kernel.IKernelConnection {
    const kernel = this._session?.session?.kernel;
    if (!kernel) {
      throw new Error(this._trans.__('The kernel of the panels is gone.'));
    }
    return kernel;
  }

  /** Take over how the kernel is now. */
  private _look(): void {
    const phase = phaseOf(this._session?.session?.kernel);
    if (phase === 'live') {
      this._revive();
    } else if (phase === 'gone' && this._wasForgotten()) {
      this._replace();
    } else if (phase && !this._isPassing(phase)) {
      this._enter(phase);
    }
  }

  /** Whether a phase is only a moment on the way of a kernel that begins anew. */
  private _isPassing(phase: KernelPhase): boolean {
    return (
      (phase === 'offline' && this._phase !== 'live') ||
      (phase === 'gone' && this._phase === 'restarting' && !this._isUnheard)
    );
  }

  private _replace(): void {
    this.restart().catch((error: unknown) => {
      console.error('The kernel of the panels could not be replaced.', error);
    });
  }

  /** Whether this page was away for so long, asleep for example, that nobody ended it on purpose. */
  private _wasForgotten(): boolean {
    return this._phase === 'offline' && Date.now() - this._since > FORGOTTEN_MS;
  }

  /**
   * Notice a new process that somebody else started: nothing else tells this page.
   *
   * Its first messages may be lost, before the Jupyter server listens to it again.
   */
  private _hear(message: KernelMessage.IIOPubMessage): void {
    if (KernelMessage.isStatusMsg(message)) {
      const { execution_state: state } = message.content;
      // Other states may come from the server and not from the kernel.
      if (state === 'busy' || state === 'idle') {
        this._meet(message.header.session);
      }
    }
  }

  private _meet(process: string): void {
    const isNew = this._isNew(process);
    this._process = process;
    if (isNew && (this._phase === 'live' || this._isUnheard)) {
      this._enter('restarting');
      this._look();
    }
  }

  /**
   * See whether the kernel is still the process that was heard last.
   *
   * It answers a question even while what it says to everybody is lost on the way; only once that
   * comes through can a panel be opened, so a process that is not heard yet is asked again.
   */
  private async _askUntilSure(): Promise<void> {
    const session = this._session;
    while (
      session === this._session &&
      (await this._ask(session?.session?.kernel))
    ) {
      await new Promise(resolve => window.setTimeout(resolve, ASK_AGAIN_MS));
    }
  }

  /** Ask once; return whether to ask again. */
  private async _ask(
    kernel: Kernel.IKernelConnection | null | undefined
  ): Promise<boolean> {
    if (!kernel) {
      this._look();
      return false;
    }
    const process = await processOf(kernel, ANSWER_MS);
    if (process && this._isNew(process) && this._phase === 'live') {
      this._isUnheard = true;
      this._enter('restarting');
    }
    return this._isUnheard || (!process && this._phase === 'live');
  }

  private _isNew(process: string): boolean {
    return this._process !== null && process !== this._process;
  }

  private _revive(): void {
    const isNew = this._phase === 'restarting' || this._phase === 'gone';
    this._enter('live');
    if (isNew) {
      this._process = null;
      this._renewed.emit();
    }
  }

  private _enter(phase: KernelPhase): void {
    this._isUnheard &&= phase === 'restarting';
    if (phase !== this._phase) {
      this._phase = phase;
      this._since = Date.now();
      this._changed.emit(phase);
    }
  }

  private _isChecking = false;
  /** A new process has answered, and nothing else of it has come through. */
  private _isUnheard = false;
  private _restartedForVersion = false;
  /** What marks messages of the kernel's present process; null until it has said something. */
  private _process: string | null = null;
  private _phase: KernelPhase = 'starting';
  /** When the phase began, in milliseconds as the clock has them. */
  private _since = 0;
  /** Panels that are shown. */
  private _shown = 0;
  private _letting = 0;
  private _connecting: Promise<void> | null = null;
  private _session: SessionContext | null = null;
  private _registry: IRenderMimeRegistry | null = null;
  private _widgets: IDisposable | null = null;
  private readonly _changed = new Signal<PanelKernel, KernelPhase>(this);
  private readonly _renewed = new Signal<PanelKernel, void>(this);
}

/** How a kernel is; null while that cannot be told. */
function phaseOf(
  kernel: Kernel.IKernelConnection | null | undefined
): KernelPhase | null {
  if (!kernel || kernel.status === 'dead') {
    return 'gone';
  }
  if (RESTARTING.includes(kernel.status)) {
    return 'restarting';
  }
  if (kernel.connectionStatus !== 'connected') {
    return 'offline';
  }
  return kernel.status === 'idle' ? 'live' : null;
}

function isOtherVersion(error: unknown): error is KernelError {
  return (
    error instanceof KernelError && error.exception === 'VersionMismatchError'
  );
}
