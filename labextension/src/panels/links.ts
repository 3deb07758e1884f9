import { URLExt } from '@jupyterlab/coreutils';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';

import { CommandIDs } from '../tokens';

/**
 * Let links that Python wrote open jobs and networks here instead of in another JupyterLab, and
 * find files where the server is.
 *
 * @param baseUrl - address of the Jupyter server, which Python does not know
 * @param root - where they are listened for
 */
export function followLinks(
  commands: CommandRegistry,
  baseUrl: string,
  root: Document = document
): void {
  root.addEventListener('click', event => {
    const target = event.target instanceof Element ? event.target : null;
    const link = target?.closest<HTMLElement>('a[href]');
    if (!link) {
      return;
    }
    const file = link.dataset.jupyterPlatformDownload;
    if (file) {
      link.setAttribute('href', URLExt.join(baseUrl, file));
    }
    const wish = isForElsewhere(event) ? null : wishOf(link);
    if (wish && commands.hasCommand(wish.command)) {
      event.preventDefault();
      void commands.execute(wish.command, wish.args);
    }
  });
}

/** Whether a click asks for another tab or window. */
function isForElsewhere(event: MouseEvent): boolean {
  return event.ctrlKey || event.metaKey || event.shiftKey;
}

/** What a link asks for, of the few things that links may; null for any other. */
function wishOf(
  link: HTMLElement
): { command: string; args: ReadonlyJSONObject } | null {
  const {
    jupyterPlatformJob: job,
    jupyterPlatformNetwork: network,
    jupyterPlatformDataset: dataset,
    jupyterPlatformSubmit: type
  } = link.dataset;
  if (job) {
    return { command: CommandIDs.openJob, args: { job } };
  }
  if (network && type) {
    return { command: CommandIDs.submit, args: { type, network } };
  }
  if (dataset && type) {
    return { command: CommandIDs.submit, args: { type, dataset } };
  }
  return network
    ? { command: CommandIDs.openNetwork, args: { network } }
    : null;
}
