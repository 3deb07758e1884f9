import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { sidebar } from './plugins/sidebar';

const plugins: JupyterFrontEndPlugin<unknown>[] = [sidebar];

export default plugins;
