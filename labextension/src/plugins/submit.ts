import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { addIcon } from '@jupyterlab/ui-components';
import { UUID } from '@lumino/coreutils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { IFormStart } from '../models/submit-form';
import {
  CommandIDs,
  EXTENSION_ID,
  IPlatformModel,
  TRANSLATION_DOMAIN
} from '../tokens';
import type { JobType } from '../wire';
import type { SubmitView } from '../widgets/submit/submit-view';
import { run } from '../widgets/surroundings';

/** Opens the form that submits a job. */
export const submit: JupyterFrontEndPlugin<void> = {
  id: `${EXTENSION_ID}:submit`,
  description: 'The form that submits jobs.',
  autoStart: true,
  requires: [IPlatformModel],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: IPlatformModel,
    translator: ITranslator | null
  ) => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    let blank: SubmitView | null = null;
    const open = async (start: IFormStart): Promise<void> => {
      const { SubmitView } = await import('../widgets/submit/submit-view');
      const view = new SubmitView({ commands, model, trans }, start);
      view.id = `jupyter-platform-submit-${UUID.uuid4()}`;
      view.form.submitted.connect((_, job) => {
        run(commands, CommandIDs.openJob, { job: job.id });
        view.dispose();
      });
      if (Object.keys(start).length === 0) {
        blank = view;
      }
      shell.add(view, 'main');
      shell.activateById(view.id);
    };
    const text = { type: 'string' } as const;
    commands.addCommand(CommandIDs.submit, {
      label: args =>
        args.isPalette ? trans.__('Submit a job') : trans.__('Submit'),
      caption: trans.__('Open the form that submits a job'),
      icon: addIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            from: { ...text, description: trans.__('Job to start from.') },
            clean: { type: 'boolean' },
            type: text,
            network: text,
            dataset: text
          }
        }
      },
      execute: async args => {
        const start = await readStart(args, model);
        if (Object.keys(start).length === 0 && blank && !blank.isDisposed) {
          shell.activateById(blank.id);
        } else {
          await open(start);
        }
      }
    });
  }
};

async function readStart(
  args: ReadonlyPartialJSONObject,
  model: IPlatformModel
): Promise<IFormStart> {
  const start: IFormStart = {};
  if (typeof args.from === 'string') {
    // What lists hold of a job is enough to make another one.
    start.from = model.job(args.from) ?? (await model.api.job(args.from));
    start.clean = Boolean(args.clean);
  }
  if (typeof args.type === 'string') {
    start.type = args.type as JobType;
  }
  if (typeof args.network === 'string') {
    start.network = args.network;
  }
  if (typeof args.dataset === 'string') {
    start.dataset = args.dataset;
  }
  return start;
}
