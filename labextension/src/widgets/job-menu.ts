import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import { Menu } from '@lumino/widgets';

import { CommandIDs } from '../tokens';

/** Everything that can be done with a job, in the order of every menu. */
const ENTRIES: readonly { command: string; clean?: boolean }[] = [
  { command: CommandIDs.openJob },
  { command: CommandIDs.stopJob },
  { command: CommandIDs.resubmitJob },
  { command: CommandIDs.resubmitJob, clean: true },
  { command: CommandIDs.downloadJob },
  { command: CommandIDs.copyJobId },
  { command: CommandIDs.deleteJob }
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
  for (const { command, clean } of ENTRIES) {
    const args: ReadonlyJSONObject = clean ? { job, clean } : { job };
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
