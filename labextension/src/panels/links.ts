import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { CommandRegistry } from '@lumino/commands';

import { CommandIDs } from '../tokens';

/**
 * Let links to jobs and networks that Python wrote open these here instead of another JupyterLab.
 *
 * @param root - where they are listened for
 */
export function followLinks(
  commands: CommandRegistry,
  root: Document = document
): void {
  root.addEventListener('click', event => {
    const target = event.target instanceof Element ? event.target : null;
    const link = target?.closest<HTMLElement>('a[href]');
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
    const wish = link && !elsewhere ? wishOf(link) : null;
    if (wish && commands.hasCommand(wish.command)) {
      event.preventDefault();
      void commands.execute(wish.command, wish.args);
    }
  });
}

/** What a link asks for, of the few things that links may; null for any other. */
function wishOf(
  link: HTMLElement
): { command: string; args: ReadonlyJSONObject } | null {
  const {
    jupyterPlatformJob: job,
    jupyterPlatformNetwork: network,
    jupyterPlatformSubmit: type
  } = link.dataset;
  if (job) {
    return { command: CommandIDs.openJob, args: { job } };
  }
  if (network && type) {
    return { command: CommandIDs.submit, args: { type, network } };
  }
  return network
    ? { command: CommandIDs.openNetwork, args: { network } }
    : null;
}
