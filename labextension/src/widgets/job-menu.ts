import type { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import { MarketCommandIDs } from '../market-commands';
import { CommandIDs } from '../tokens';

/** Everything that can be done with a job, in the order of every menu. */
const ENTRIES: readonly string[] = [
  CommandIDs.openJob,
  CommandIDs.stopJob,
  CommandIDs.evaluateJob,
  CommandIDs.tryJob,
  CommandIDs.continueJob,
  MarketCommandIDs.deployJob,
  CommandIDs.resubmitJob,
  CommandIDs.renameJob,
  CommandIDs.noteJob,
  CommandIDs.downloadJob,
  CommandIDs.copyJobId,
  CommandIDs.deleteJob
];

/**
 * Open the menu of a job.
 *
 * @param commands - those that cannot be done now are left out
 * @param job - id of the job
 * @param at - where, in pixels of the page
 */
export function openJobMenu(
  commands: CommandRegistry,
  job: string,
  at: { x: number; y: number }
): void {
  const menu = new Menu({ commands });
  menu.addClass('jp-Platform-menu');
  const args = { job };
  for (const command of ENTRIES) {
    if (commands.hasCommand(command) && commands.isVisible(command, args)) {
      menu.addItem({ command, args });
    }
  }
  menu.aboutToClose.connect(() => {
    // The chosen command still needs the menu when this signal comes.
    window.setTimeout(() => menu.dispose());
  });
  menu.open(at.x, at.y);
}
