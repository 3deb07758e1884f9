import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { MarketCommandIDs } from '../market-commands';
import { marketplaceIcon } from '../market-icons';
import { acceptCards } from '../panels/cards';
import { EXTENSION_ID, TRANSLATION_DOMAIN } from '../tokens';

/** Lets items of the marketplace become notebooks: by a button on their page, and by dragging. */
export const marketplace: JupyterFrontEndPlugin<void> = {
  id: `${EXTENSION_ID}:marketplace`,
  description: 'Notebooks from items of the marketplace.',
  autoStart: true,
  optional: [IDefaultFileBrowser, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    browser: IDefaultFileBrowser | null,
    translator: ITranslator | null
  ) => {
    const { commands, serviceManager } = app;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    commands.addCommand(MarketCommandIDs.keepNotebook, {
      label: trans.__('Keep a notebook that calls an item'),
      icon: marketplaceIcon,
      describedBy: {
        args: {
          type: 'object',
          required: ['name', 'notebook'],
          properties: {
            name: { type: 'string' },
            notebook: { type: 'string' }
          }
        }
      },
      execute: async args => {
        const [name, notebook] = [args.name as string, args.notebook as string];
        const { contents } = serviceManager;
        const folder = browser?.model.path ?? '';
        // Made under a name that is free, then given the one of the item.
        const made = await contents.newUntitled({
          path: folder,
          type: 'notebook'
        });
        const content = JSON.parse(notebook) as object;
        const path = await contents
          .rename(made.path, made.path.replace(/[^/]*$/, `${name}.ipynb`))
          .then(
            renamed => renamed.path,
            () => made.path // there is one of that name
          );
        await contents.save(path, {
          type: 'notebook',
          format: 'json',
          content
        });
        await commands.execute('docmanager:open', { path });
      }
    });
    acceptCards(document);
  }
};
