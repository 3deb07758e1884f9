import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { jobIcon } from '../icons';
import {
  CommandIDs,
  EXTENSION_ID,
  IPlatformModel,
  TRANSLATION_DOMAIN
} from '../tokens';

const SUFFIXES = ['.py', '.ipynb'];
/** An entry of a file browser. */
const ENTRY = '.jp-DirListing-item[data-isdir="false"]';
const RANK = 19;

/** Lets scripts and notebooks of the file browser run as jobs. */
export const runFiles: JupyterFrontEndPlugin<void> = {
  id: `${EXTENSION_ID}:run-files`,
  description: 'Scripts and notebooks as jobs.',
  autoStart: true,
  requires: [IPlatformModel],
  optional: [IFileBrowserFactory, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: IPlatformModel,
    browsers: IFileBrowserFactory | null,
    translator: ITranslator | null
  ) => {
    const { commands, contextMenu, serviceManager } = app;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const chosen = (): string[] =>
      [...(browsers?.tracker.currentWidget?.selectedItems() ?? [])]
        .map(({ path }) => path)
        .filter(isCode);
    /** Where a path of the file browser is on the server's machine. */
    const place = (path: string): string => {
      const root = PageConfig.getOption('serverRoot').replace(/\/$/, '');
      return `${root}/${serviceManager.contents.localPath(path)}`;
    };
    const submitAll = async (paths: readonly string[]): Promise<void> => {
      const { button } = await showDialog({
        title: trans._n('Submit %1 job?', 'Submit %1 jobs?', paths.length),
        body: paths
          .map(path => path.slice(path.lastIndexOf('/') + 1))
          .join(', '),
        buttons: [
          Dialog.cancelButton(),
          Dialog.okButton({ label: trans.__('Submit') })
        ]
      });
      if (!button.accept) {
        return;
      }
      for (const path of paths) {
        try {
          const options = { script: place(path) };
          model.remember([await model.api.submit({ type: 'RUN', options })]);
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          Notification.error(`${path}: ${why}`, { autoClose: false });
        }
      }
      await commands.execute(CommandIDs.showSidebar);
    };
    commands.addCommand(CommandIDs.submitFiles, {
      label: trans.__('Submit as job'),
      caption: trans.__('Run it in the queue of the platform'),
      icon: jobIcon,
      isVisible: () => chosen().length > 0,
      describedBy: {
        args: { type: 'object', properties: { path: { type: 'string' } } }
      },
      execute: async ({ path }) => {
        const paths = typeof path === 'string' ? [path] : chosen();
        if (paths.length === 1) {
          await commands.execute(CommandIDs.submit, {
            type: 'RUN',
            script: place(paths[0])
          });
        } else if (paths.length > 1) {
          await submitAll(paths);
        }
      }
    });
    contextMenu.addItem({
      command: CommandIDs.submitFiles,
      selector: ENTRY,
      rank: RANK
    });
  }
};

/** Whether a file is code that a job can run, told from its name. */
function isCode(path: string): boolean {
  return SUFFIXES.some(suffix => path.toLowerCase().endsWith(suffix));
}
