import { ILayoutRestorer } from '@jupyterlab/application';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { platformIcon } from '../icons';
import { Attention } from '../models/attention';
import type { ISeenStore } from '../models/attention';
import {
  CommandIDs,
  EXTENSION_ID,
  IPlaces,
  IPlatformModel,
  TRANSLATION_DOMAIN
} from '../tokens';
import { NO_ARGUMENTS } from '../widgets/page-commands';
import { Sidebar } from '../widgets/sidebar';
import { StatusItem } from '../widgets/status-item';

const SEEN = `${EXTENSION_ID}:seen`;

/** Adds the sidebar, and its summary in the status bar. */
export const sidebar: JupyterFrontEndPlugin<void> = {
  id: `${EXTENSION_ID}:plugin`,
  description: 'The sidebar of the platform and its status bar item.',
  autoStart: true,
  requires: [IPlatformModel, IPlaces],
  optional: [ITranslator, ILayoutRestorer, IStatusBar, IStateDB],
  activate: (
    app: JupyterFrontEnd,
    model: IPlatformModel,
    places: IPlaces,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    statusBar: IStatusBar | null,
    stateDB: IStateDB | null
  ) => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const context = { commands, model, trans };
    const widget = new Sidebar(context, places);
    widget.id = 'jupyter-platform-sidebar';
    widget.title.icon = platformIcon;
    widget.title.caption = trans.__('AI platform');
    shell.add(widget, 'left', { rank: 150, type: 'AI platform' });
    restorer?.add(widget, widget.id);

    commands.addCommand(CommandIDs.showSidebar, {
      label: trans.__('Show the AI platform sidebar'),
      icon: platformIcon,
      describedBy: NO_ARGUMENTS,
      execute: () => shell.activateById(widget.id)
    });

    const attention = new Attention(model, seenStore(stateDB));
    widget.looked.connect((_, looking) => attention.setLooking(looking));
    statusBar?.registerStatusItem(`${EXTENSION_ID}:status`, {
      item: new StatusItem(context, attention),
      align: 'left',
      rank: 10
    });
  }
};

function seenStore(stateDB: IStateDB | null): ISeenStore {
  return {
    load: async () => {
      const seen = await stateDB?.fetch(SEEN);
      return typeof seen === 'string' ? seen : null;
    },
    save: moment => void stateDB?.save(SEEN, moment)
  };
}
