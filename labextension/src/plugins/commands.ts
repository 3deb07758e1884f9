import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { MarketCommandIDs } from '../market-commands';
import {
  CommandIDs,
  EXTENSION_ID,
  IPlatformModel,
  TRANSLATION_DOMAIN
} from '../tokens';
import { addJobCommands } from '../widgets/job-commands';
import { addMarketJobCommands } from '../widgets/market-job-commands';
import { addPageCommands } from '../widgets/page-commands';

const PALETTE = [
  CommandIDs.submit,
  CommandIDs.showSidebar,
  CommandIDs.openJob,
  CommandIDs.stopJob,
  CommandIDs.evaluateJob,
  CommandIDs.tryJob,
  CommandIDs.continueJob,
  MarketCommandIDs.deployJob,
  CommandIDs.resubmitJob,
  CommandIDs.downloadJob,
  CommandIDs.copyJobId,
  CommandIDs.deleteJob,
  CommandIDs.reconnect,
  CommandIDs.startPlatform,
  CommandIDs.openSettings
];

/** Adds the commands, and puts them into the palette and onto the launcher. */
export const commands: JupyterFrontEndPlugin<void> = {
  id: `${EXTENSION_ID}:commands`,
  description: 'The commands of the platform.',
  autoStart: true,
  requires: [IPlatformModel],
  optional: [ITranslator, ICommandPalette, ILauncher],
  activate: (
    app: JupyterFrontEnd,
    model: IPlatformModel,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null
  ) => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const category = trans.__('AI platform');
    addJobCommands({ commands, model, trans });
    addMarketJobCommands({ commands, model, trans });
    addPageCommands({ commands, model, trans });
    for (const command of PALETTE) {
      palette?.addItem({ command, category, args: { isPalette: true } });
    }
    launcher?.add({ command: CommandIDs.submit, category, rank: 0 });
  }
};
