import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { commands } from './plugins/commands';
import { dashboards } from './plugins/dashboards';
import { links } from './plugins/links';
import { model } from './plugins/model';
import { sidebar } from './plugins/sidebar';
import { toasts } from './plugins/toasts';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  model,
  commands,
  sidebar,
  dashboards,
  toasts,
  links
];

export default plugins;
