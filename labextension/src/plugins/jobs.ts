import { ILayoutRestorer } from '@jupyterlab/application';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { jobIcon } from '../icons';
import {
  CommandIDs,
  EXTENSION_ID,
  IPlaces,
  IPlatformModel,
  TRANSLATION_DOMAIN
} from '../tokens';
import type { JobView } from '../widgets/jobview/job-view';

/** Opens jobs in tabs of the main area, and again after a reload. */
export const jobs: JupyterFrontEndPlugin<void> = {
  id: `${EXTENSION_ID}:jobs`,
  description: 'The views of jobs.',
  autoStart: true,
  requires: [IPlatformModel, IPlaces],
  optional: [ITranslator, ILayoutRestorer, IRenderMimeRegistry],
  activate: (
    app: JupyterFrontEnd,
    model: IPlatformModel,
    places: IPlaces,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    rendermime: IRenderMimeRegistry | null
  ) => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const tracker = new WidgetTracker<JobView>({
      namespace: 'jupyter-platform-jobs'
    });
    tracker.currentChanged.connect((_, view) => {
      model.selected = view?.job ?? model.selected;
    });
    const find = async (id: string): Promise<JobView> => {
      const { JobView } = await import('../widgets/jobview/job-view');
      const open = tracker.find(item => item.job === id);
      if (open) {
        return open;
      }
      const view = new JobView(
        { commands, model, trans, rendermime: rendermime ?? undefined },
        { job: id }
      );
      view.id = `jupyter-platform-job-${id}`;
      shell.add(view, 'main');
      void tracker.add(view);
      return view;
    };
    commands.addCommand(CommandIDs.openJob, {
      label: args => {
        const { selected } = model;
        const job = selected === null ? undefined : model.job(selected);
        return args.job === undefined && job
          ? trans.__('Open job “%1”', job.name)
          : trans.__('Open');
      },
      icon: jobIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            job: { type: 'string', description: trans.__('Id of the job.') },
            activate: { type: 'boolean', default: true }
          }
        }
      },
      isEnabled: args => Boolean(args.job ?? model.selected),
      execute: async args => {
        const id = args.job ?? model.selected;
        if (typeof id !== 'string') {
          return;
        }
        if (places.hasTabs) {
          const view = await find(id);
          if (args.activate !== false) {
            shell.activateById(view.id);
          }
        } else {
          places.visit({ job: id });
        }
      }
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.openJob,
      args: ({ job }) => ({ job, activate: false }),
      name: ({ job }) => job
    });
  }
};
