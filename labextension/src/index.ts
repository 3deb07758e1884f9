import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { commands } from './plugins/commands';
import { dashboards } from './plugins/dashboards';
import { jobs } from './plugins/jobs';
import { jobsTable } from './plugins/jobs-table';
import { links } from './plugins/links';
import { marketplace } from './plugins/marketplace';
import { mime } from './plugins/mime';
import { model } from './plugins/model';
import { ownData } from './plugins/own-data';
import { panels } from './plugins/panels';
import { places } from './plugins/places';
import { runFiles } from './plugins/run-files';
import { sidebar } from './plugins/sidebar';
import { submit } from './plugins/submit';
import { toasts } from './plugins/toasts';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  model,
  places,
  commands,
  sidebar,
  jobs,
  jobsTable,
  submit,
  mime,
  dashboards,
  panels,
  ownData,
  marketplace,
  runFiles,
  toasts,
  links
];

export default plugins;
