import { refreshIcon, runIcon, settingsIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import { CommandIDs } from '../tokens';
import type { IViewContext } from './view-context';

/** For commands that take no arguments. */
export const NO_ARGUMENTS: CommandRegistry.ICommandOptions['describedBy'] = {
  args: { type: 'object', properties: {} }
};

/** Add the commands that are about no job. */
export function addPageCommands({
  commands,
  model,
  trans
}: IViewContext): void {
  commands.addCommand(CommandIDs.reconnect, {
    label: trans.__('Connect to the AI platform again'),
    icon: refreshIcon,
    describedBy: NO_ARGUMENTS,
    execute: () => model.reconnect()
  });
  commands.addCommand(CommandIDs.startPlatform, {
    label: trans.__('Start the AI platform'),
    icon: runIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: () => model.connection.phase === 'down',
    execute: () => model.start()
  });
  commands.addCommand(CommandIDs.openSettings, {
    label: trans.__('AI platform settings'),
    icon: settingsIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: () => commands.hasCommand('settingeditor:open'),
    execute: () =>
      commands.execute('settingeditor:open', { query: 'AI platform' })
  });
}
