import { ILayoutRestorer } from '@jupyterlab/application';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { platformIcon } from '../icons';
import type { PanelKernel } from '../panels/kernel';
import { followJobLinks } from '../panels/links';
import type { PanelTab } from '../panels/tab';
import { CommandIDs, EXTENSION_ID, TRANSLATION_DOMAIN } from '../tokens';

const CARD_RANK = 10;

/** Opens the panels, which are Python on a hidden kernel, in tabs of the main area. */
export const panels: JupyterFrontEndPlugin<void> = {
  id: `${EXTENSION_ID}:panels`,
  description: 'The panels of the platform.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [ITranslator, ICommandPalette, ILauncher, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null
  ) => {
    const { commands, serviceManager, shell } = app;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const namespace = 'jupyter-platform-panels';
    const tracker = new WidgetTracker<PanelTab>({ namespace });
    let kernel: PanelKernel | null = null;
    const find = async (name: string, title: string): Promise<PanelTab> => {
      const { PanelKernel } = await import('../panels/kernel');
      const { PanelTab } = await import('../panels/tab');
      const open = tracker.find(item => item.name === name);
      if (open) {
        return open;
      }
      kernel ??= new PanelKernel(serviceManager, rendermime, trans);
      const tab = new PanelTab(name, kernel, trans);
      tab.title.label = title;
      tab.title.icon = platformIcon;
      shell.add(tab, 'main');
      void tracker.add(tab);
      return tab;
    };
    const command = CommandIDs.openNetworks;
    const category = trans.__('AI platform');
    commands.addCommand(command, {
      label: args =>
        args.isPalette ? trans.__('Open networks') : trans.__('Networks'),
      caption: trans.__(
        'Layers of the networks, and what their weights scored'
      ),
      icon: platformIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: { activate: { type: 'boolean', default: true } }
        }
      },
      execute: async ({ activate }) => {
        const tab = await find('networks', trans.__('Networks'));
        if (activate !== false) {
          shell.activateById(tab.id);
        }
      }
    });
    palette?.addItem({ command, category, args: { isPalette: true } });
    launcher?.add({ command, category, rank: CARD_RANK });
    void restorer?.restore(tracker, {
      command,
      args: () => ({ activate: false }),
      name: ({ name }) => name
    });
    followJobLinks(commands);
  }
};
