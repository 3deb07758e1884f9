/**
 * What is used of ipywidgets' own extension, which JupyterLab has and shares at run time.
 *
 * To depend on its package for these few types would install a second JupyterLab.
 */
declare module '@jupyter-widgets/jupyterlab-manager' {
  import type { ISessionContext } from '@jupyterlab/apputils';
  import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
  import type { IDisposable } from '@lumino/disposable';
  import type { ISignal } from '@lumino/signaling';

  /** The part of a document's context that the manager of its widgets reads. */
  export interface IWidgetContext {
    readonly sessionContext: ISessionContext;
    readonly path: string;
    readonly saveState: ISignal<unknown, unknown>;
    readonly model: {
      getMetadata(key: string): unknown;
      setMetadata(key: string, value: unknown): void;
    };
    readonly urlResolver: {
      resolveUrl(url: string): Promise<string>;
      getDownloadUrl(path: string): Promise<string>;
    };
  }

  /** Let a registry show the widgets of a kernel; takes effect once the session is ready. */
  export function registerWidgetManager(
    context: IWidgetContext,
    rendermime: IRenderMimeRegistry,
    renderers: Iterator<never>
  ): IDisposable;
}
