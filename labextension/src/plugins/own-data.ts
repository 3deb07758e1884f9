import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { datasetIcon } from '../icons';
import { acceptDrops } from '../panels/drops';
import { CommandIDs, EXTENSION_ID, TRANSLATION_DOMAIN } from '../tokens';

/** Files that may be datasets, by the ends of their names. */
const SUFFIXES = ['.csv', '.tsv', '.txt', '.npz', '.parquet'];
/** An entry of a file browser. */
const ENTRY = '.jp-DirListing-item';
const RANK = 20;

/** Lets files and folders of the file browser become datasets: by a menu, and by dragging. */
export const ownData: JupyterFrontEndPlugin<void> = {
  id: `${EXTENSION_ID}:own-data`,
  description: 'Files and folders as datasets.',
  autoStart: true,
  optional: [IFileBrowserFactory, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    browsers: IFileBrowserFactory | null,
    translator: ITranslator | null
  ) => {
    const { commands, contextMenu, serviceManager } = app;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const chosen = (): { path: string; type: string }[] => [
      ...(browsers?.tracker.currentWidget?.selectedItems() ?? [])
    ];
    /** Where a path of the file browser is on the server's machine. */
    const place = (path: string): string => {
      // PathExt.join() would take the leading slash away.
      const root = PageConfig.getOption('serverRoot').replace(/\/$/, '');
      return `${root}/${serviceManager.contents.localPath(path)}`;
    };
    commands.addCommand(CommandIDs.useAsDataset, {
      label: trans.__('Use as dataset'),
      caption: trans.__(
        'Show how it would be read, and add it to the datasets'
      ),
      icon: datasetIcon,
      isVisible: () => {
        const items = chosen();
        return items.length === 1 && mayBeDataset(items[0].path, items[0].type);
      },
      describedBy: {
        args: { type: 'object', properties: { path: { type: 'string' } } }
      },
      execute: async ({ path }) => {
        const wanted = typeof path === 'string' ? path : chosen()[0]?.path;
        if (wanted !== undefined) {
          await commands.execute(CommandIDs.openDataset, {
            add: place(wanted)
          });
        }
      }
    });
    contextMenu.addItem({
      command: CommandIDs.useAsDataset,
      selector: ENTRY,
      rank: RANK
    });
    acceptDrops(document, path => {
      void commands.execute(CommandIDs.useAsDataset, { path });
    });
  }
};

/** Whether something may be read as a dataset, told from its name. */
function mayBeDataset(path: string, type: string): boolean {
  const name = path.toLowerCase();
  return type === 'directory' || SUFFIXES.some(suffix => name.endsWith(suffix));
}
