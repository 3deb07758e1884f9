import { ILayoutRestorer } from '@jupyterlab/application';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';

import { compareIcon, tableIcon } from '../icons';
import {
  CommandIDs,
  EXTENSION_ID,
  IPlaces,
  IPlatformModel,
  TRANSLATION_DOMAIN
} from '../tokens';
import { addChosenCommands } from '../widgets/chosen-commands';
import { addNamingCommands } from '../widgets/naming-commands';
import { NO_ARGUMENTS } from '../widgets/page-commands';
import type { IViewContext } from '../widgets/view-context';

/** Rank of the table in the Open menu: before the panels. */
const PLACE_RANK = 100;

/** Tables of jobs and of sweeps, and comparisons, in tabs of the main area. */
export const jobsTable: JupyterFrontEndPlugin<void> = {
  id: `${EXTENSION_ID}:jobs-table`,
  description: 'The table of jobs, sweeps, and the comparison of jobs.',
  autoStart: true,
  requires: [IPlatformModel, IPlaces],
  optional: [ITranslator, ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    model: IPlatformModel,
    places: IPlaces,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ) => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const tabs = new TableTabs(app, places, { commands, model, trans });
    addChosenCommands({ commands, model, trans });
    addNamingCommands({ commands, model, trans });
    commands.addCommand(CommandIDs.openJobs, {
      label: args =>
        args.isPalette
          ? trans.__('Open the jobs table')
          : trans.__('Jobs table'),
      caption: trans.__('All jobs with their options and scores'),
      icon: tableIcon,
      describedBy: NO_ARGUMENTS,
      execute: () => tabs.openJobs()
    });
    commands.addCommand(CommandIDs.openSweep, {
      label: trans.__('Open the sweep'),
      icon: tableIcon,
      describedBy: {
        args: {
          type: 'object',
          required: ['sweep'],
          properties: { sweep: { type: 'string' }, name: { type: 'string' } }
        }
      },
      execute: async ({ sweep, name }) => {
        if (typeof sweep === 'string') {
          await tabs.openSweep(sweep, typeof name === 'string' ? name : sweep);
        }
      }
    });
    commands.addCommand(CommandIDs.compareJobs, {
      label: trans.__('Compare'),
      icon: compareIcon,
      describedBy: {
        args: {
          type: 'object',
          required: ['jobs'],
          properties: {
            jobs: {
              description: trans.__('Ids of the jobs, or text with commas.')
            }
          }
        }
      },
      execute: ({ jobs }) => tabs.compare(idsOf(jobs))
    });
    palette?.addItem({
      command: CommandIDs.openJobs,
      category: trans.__('AI platform'),
      args: { isPalette: true }
    });
    places.add({
      name: 'jobs',
      command: CommandIDs.openJobs,
      rank: PLACE_RANK
    });
    void restorer?.restore(tabs.tracker, {
      command: CommandIDs.openJobs,
      name: ({ id }) => id,
      when: app.serviceManager.ready
    });
  }
};

/** Ids of jobs, as an array or as text with commas. */
function idsOf(jobs: unknown): string[] {
  if (Array.isArray(jobs)) {
    return jobs.filter(id => typeof id === 'string');
  }
  return typeof jobs === 'string' ? jobs.split(',') : [];
}

/** The tabs; one for each table and each set of jobs that is compared. */
class TableTabs {
  constructor(
    private readonly _app: JupyterFrontEnd,
    private readonly _places: IPlaces,
    private readonly _context: IViewContext
  ) {}

  readonly tracker = new WidgetTracker<Widget>({
    namespace: 'jupyter-platform-tables'
  });

  async openJobs(): Promise<void> {
    if (!this._places.hasTabs) {
      this._places.visit({ open: 'jobs' });
      return;
    }
    const { JobsTableView } = await import('../widgets/table/jobs-table');
    const { trans } = this._context;
    await this._show('jupyter-platform-table', () => {
      return new JobsTableView(this._context, null, trans.__('Jobs'));
    });
  }

  async openSweep(sweep: string, name: string): Promise<void> {
    if (!this._places.hasTabs) {
      this._places.visit({ sweep });
      return;
    }
    const { JobsTableView } = await import('../widgets/table/jobs-table');
    await this._show(`jupyter-platform-sweep-${sweep}`, () => {
      return new JobsTableView(this._context, sweep, name);
    });
  }

  async compare(jobs: readonly string[]): Promise<void> {
    if (!this._places.hasTabs) {
      this._places.visit({ compare: jobs.join(',') });
      return;
    }
    const { CompareView } = await import('../widgets/compare/compare-view');
    await this._show(`jupyter-platform-compare-${jobs.join('-')}`, () => {
      return new CompareView(this._context, jobs);
    });
  }

  private async _show(id: string, make: () => Widget): Promise<void> {
    const { shell } = this._app;
    let tab = this._open.get(id);
    if (!tab || tab.isDisposed) {
      this._context.model.connect();
      tab = make();
      tab.id = id;
      this._open.set(id, tab);
      tab.disposed.connect(() => this._open.delete(id));
      shell.add(tab, 'main');
      if (id === 'jupyter-platform-table') {
        await this.tracker.add(tab);
      }
    }
    shell.activateById(id);
  }

  private readonly _open = new Map<string, Widget>();
}
