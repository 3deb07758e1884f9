import { ILabShell, ILayoutRestorer } from '@jupyterlab/application';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { buildIcon } from '@jupyterlab/ui-components';

import { PlatformApi } from '../request';
import { EXTENSION_ID } from '../tokens';
import { Sidebar } from '../widgets/sidebar';

/** Adds the sidebar to JupyterLab. */
export const sidebar: JupyterFrontEndPlugin<void> = {
  id: `${EXTENSION_ID}:plugin`,
  description: 'The sidebar of the platform.',
  autoStart: true,
  requires: [ILabShell],
  optional: [ITranslator, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    shell: ILabShell,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_platform');
    const api = new PlatformApi(app.serviceManager.serverSettings);
    const widget = new Sidebar({
      fetchVersion: () => api.status(),
      trans
    });
    widget.id = 'jupyter-platform-sidebar';
    widget.title.icon = buildIcon;
    widget.title.caption = trans.__('Platform');
    shell.add(widget, 'left', { rank: 900, type: 'Platform' });
    restorer?.add(widget, widget.id);
  }
};
