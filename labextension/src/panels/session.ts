import { SessionContext } from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { KernelMessage } from '@jupyterlab/services';
import type { Kernel, ServiceManager } from '@jupyterlab/services';
import type { PartialJSONObject } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

/** By which the session is found; no file is there. */
export const PATH = 'jupyter-platform/panels';

/** A request that the kernel answered with an exception. */
export class KernelError extends Error {
  /**
   * @param exception - name of the exception's class
   * @param message - what it says
   */
  constructor(
    readonly exception: string,
    message: string
  ) {
    super(message);
    this.name = 'KernelError';
  }
}

/**
 * A session on the kernel of the panels, which no document shows.
 *
 * It is found again by its path after a reload and in other tabs of the browser.
 */
export function newSession(
  services: ServiceManager.IManager,
  name: string
): SessionContext {
  return new SessionContext({
    kernelManager: services.kernels,
    sessionManager: services.sessions,
    specsManager: services.kernelspecs,
    path: PATH,
    name,
    type: 'jupyter-platform-panels',
    kernelPreference: {
      name: 'python3',
      language: 'python',
      autoStartDefault: true,
      shouldStart: true,
      canStart: true,
      shutdownOnDispose: false
    }
  });
}

/**
 * Let a registry show the widgets of a session.
 *
 * @returns what ends that
 */
export async function showWidgets(
  session: ISessionContext,
  rendermime: IRenderMimeRegistry
): Promise<IDisposable> {
  const manager = await import('@jupyter-widgets/jupyterlab-manager');
  const none: never[] = [];
  return manager.registerWidgetManager(
    {
      sessionContext: session,
      path: PATH,
      saveState: new Signal<unknown, unknown>({}),
      model: { getMetadata: () => undefined, setMetadata: () => undefined },
      urlResolver: {
        resolveUrl: url => Promise.resolve(url),
        getDownloadUrl: path => Promise.resolve(path)
      }
    },
    rendermime,
    none[Symbol.iterator]()
  );
}

/**
 * Run code that displays one thing.
 *
 * @returns what it displayed, by MIME type
 * @throws KernelError when the code raises an exception, or displays nothing
 */
export async function display(
  kernel: Kernel.IKernelConnection,
  code: string
): Promise<PartialJSONObject> {
  const shown = await execute(kernel, code);
  if (!shown) {
    throw new KernelError('NothingShown', `${code} displayed nothing.`);
  }
  return shown;
}

/**
 * Run code.
 *
 * @returns what it displayed last, by MIME type; null where it displayed nothing
 * @throws KernelError when the code raises an exception
 */
export async function execute(
  kernel: Kernel.IKernelConnection,
  code: string
): Promise<PartialJSONObject | null> {
  let shown: PartialJSONObject | null = null;
  const future = kernel.requestExecute({
    code,
    silent: false,
    store_history: false,
    allow_stdin: false
  });
  future.onIOPub = message => {
    if (KernelMessage.isDisplayDataMsg(message)) {
      shown = message.content.data;
    }
  };
  const { content } = await future.done;
  if (content.status === 'error') {
    throw new KernelError(content.ename, content.evalue);
  }
  return shown;
}

/**
 * Ask which process a kernel is.
 *
 * @param patience - milliseconds for which its answer is waited for
 * @returns what marks all messages of that process; null when it did not answer in time
 */
export function processOf(
  kernel: Kernel.IKernelConnection,
  patience: number
): Promise<string | null> {
  const request = KernelMessage.createMessage({
    channel: 'shell',
    msgType: 'kernel_info_request',
    content: {},
    username: kernel.username,
    session: kernel.clientId
  });
  return new Promise(resolve => {
    const future = kernel.sendShellMessage(request, true);
    const end = (process: string | null): void => {
      window.clearTimeout(timer);
      resolve(process);
      future.dispose();
    };
    const timer = window.setTimeout(() => end(null), patience);
    // It ends with a message to everybody, which may be lost: only the answer itself is waited for.
    future.done.catch(() => undefined);
    future.onReply = reply => end(reply.header.session);
  });
}
