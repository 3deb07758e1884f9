import type { CommandRegistry } from '@lumino/commands';

import { CommandIDs } from '../tokens';

/**
 * Let links to jobs that Python wrote open the job here instead of another JupyterLab.
 *
 * @param root - where they are listened for
 */
export function followJobLinks(
  commands: CommandRegistry,
  root: Document = document
): void {
  root.addEventListener('click', event => {
    const target = event.target instanceof Element ? event.target : null;
    const link = target?.closest<HTMLElement>('a[data-jupyter-platform-job]');
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
    const job = link?.dataset.jupyterPlatformJob;
    if (job && !elsewhere && commands.hasCommand(CommandIDs.openJob)) {
      event.preventDefault();
      void commands.execute(CommandIDs.openJob, { job });
    }
  });
}
