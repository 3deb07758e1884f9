import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { model } from './plugins/model';
import { sidebar } from './plugins/sidebar';

const plugins: JupyterFrontEndPlugin<unknown>[] = [model, sidebar];

export default plugins;
