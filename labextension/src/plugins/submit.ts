import { ILayoutRestorer } from '@jupyterlab/application';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { UUID } from '@lumino/coreutils';
import type {
  ReadonlyPartialJSONObject,
  ReadonlyPartialJSONValue
} from '@lumino/coreutils';

import type { IFormStart } from '../models/form-view';
import {
  CommandIDs,
  EXTENSION_ID,
  IPlaces,
  IPlatformModel,
  NEXT,
  TRANSLATION_DOMAIN
} from '../tokens';
import type { Next } from '../tokens';
import type { SubmitView } from '../widgets/submit/submit-view';
import { run } from '../widgets/view-context';

/** Milliseconds after a change at which what was entered is kept for a reload. */
const KEEP_MS = 500;

/** Opens the form that submits a job, and again after a reload with what was entered. */
export const submit: JupyterFrontEndPlugin<void> = {
  id: `${EXTENSION_ID}:submit`,
  description: 'The form that submits jobs.',
  autoStart: true,
  requires: [IPlatformModel, IPlaces],
  optional: [ITranslator, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    model: IPlatformModel,
    places: IPlaces,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null
  ) => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const tracker = new WidgetTracker<SubmitView>({
      namespace: 'jupyter-platform-submit'
    });
    const open = async (
      args: ReadonlyPartialJSONObject
    ): Promise<SubmitView> => {
      const { start, title } = await readStart(args, model, trans);
      const { SubmitView } = await import('../widgets/submit/submit-view');
      const view = new SubmitView({ commands, model, trans }, start, title);
      const id = typeof args.id === 'string' ? args.id : UUID.uuid4();
      view.id = `${ID_PREFIX}${id}`;
      view.form.submitted.connect((_, job) => {
        run(commands, CommandIDs.openJob, { job: job.id });
        view.dispose();
      });
      view.form.swept.connect((_, { id: sweep, name }) => {
        run(commands, CommandIDs.openSweep, { sweep, name });
        view.dispose();
      });
      shell.add(view, 'main');
      void tracker.add(view);
      keepEntries(view, tracker);
      return view;
    };
    commands.addCommand(CommandIDs.submit, {
      label: args =>
        args.isPalette ? trans.__('Submit a job') : trans.__('Submit'),
      caption: trans.__('Open the form that submits a job'),
      icon: addIcon,
      describedBy: submitArguments(trans),
      execute: async args => {
        if (!places.hasTabs) {
          places.visit(linkTo(args));
          return;
        }
        const isPlain = STARTS.every(key => args[key] === undefined);
        const plain = tracker.find(({ about }) => about === null);
        const view = isPlain && plain ? plain : await open(args);
        if (args.activate !== false) {
          shell.activateById(view.id);
        }
      }
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.submit,
      args: view => ({
        id: view.id.slice(ID_PREFIX.length),
        activate: false,
        entries: view.packedEntries(),
        ...(view.about === null ? {} : { about: view.about })
      }),
      name: ({ id }) => id
    });
  }
};

/** Arguments that a link has too. */
const LINKED = [
  'type',
  'network',
  'dataset',
  'from',
  'as',
  'tag',
  'script'
] as const;

/** What a link asks for that opens the form with the same start. */
function linkTo(args: ReadonlyPartialJSONObject): { [word: string]: string } {
  const query: { [word: string]: string } = { submit: '' };
  for (const word of LINKED) {
    const value = args[word];
    if (typeof value === 'string') {
      query[word] = value;
    }
  }
  return query;
}

const ID_PREFIX = 'jupyter-platform-submit-';

/** Arguments that tell what the form starts from. */
const STARTS = [
  'from',
  'type',
  'network',
  'dataset',
  'tag',
  'script',
  'entries'
] as const;

function submitArguments(
  trans: TranslationBundle
): CommandRegistry.ICommandOptions['describedBy'] {
  const text = { type: 'string' } as const;
  return {
    args: {
      type: 'object',
      properties: {
        from: { ...text, description: trans.__('Job to start from.') },
        as: {
          type: 'string',
          enum: [...NEXT],
          description: trans.__('What to make of that job.')
        },
        type: text,
        network: text,
        dataset: text,
        tag: {
          ...text,
          description: trans.__('Weights to evaluate or act with.')
        },
        script: {
          ...text,
          description: trans.__('Script or notebook to run.')
        },
        entries: {
          type: 'object',
          description: trans.__('What was entered before.')
        },
        about: {
          ...text,
          description: trans.__('Title of the tab.')
        },
        id: text,
        activate: { type: 'boolean', default: true }
      }
    }
  };
}

/** Keep what is entered with the layout of the page. */
function keepEntries(
  view: SubmitView,
  tracker: WidgetTracker<SubmitView>
): void {
  let { entries } = view.form.view;
  let timer = 0;
  view.form.changed.connect(form => {
    if (form.view.entries !== entries) {
      ({ entries } = form.view);
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void tracker.save(view), KEEP_MS);
    }
  });
}

interface IOpening {
  start: IFormStart;
  /** What the tab says that the form is for; null for nothing in particular. */
  title: string | null;
}

async function readStart(
  args: ReadonlyPartialJSONObject,
  model: IPlatformModel,
  trans: TranslationBundle
): Promise<IOpening> {
  if (isObject(args.entries)) {
    const { unpackEntries } = await import('../models/entries');
    const title = typeof args.about === 'string' ? args.about : null;
    return { start: { entries: unpackEntries(args.entries) }, title };
  }
  if (typeof args.from === 'string') {
    return startFrom(args.from, nextOf(args.as), model, trans);
  }
  const start: IFormStart = {};
  if (typeof args.type === 'string') {
    start.type = args.type;
  }
  if (typeof args.network === 'string') {
    start.network = args.network;
  }
  if (typeof args.dataset === 'string') {
    start.dataset = args.dataset;
  }
  for (const option of ['tag', 'script'] as const) {
    const value = args[option];
    if (typeof value === 'string') {
      start.options = new Map([[option, value]]);
    }
  }
  return { start, title: null };
}

function nextOf(value: unknown): Next {
  return NEXT.find(next => next === value) ?? 'again';
}

/** Fill the form in for a job that follows another. */
async function startFrom(
  id: string,
  next: Next,
  model: IPlatformModel,
  trans: TranslationBundle
): Promise<IOpening> {
  const { nextEntries } = await import('../models/next-jobs');
  const { defaultRequest } = await import('../models/kinds');
  // What lists hold of a job is enough to make another one.
  const job = model.job(id) ?? (await model.api.job(id));
  const { jobs, status } = model.state;
  const kinds = await model.api.jobKinds();
  const hasGpus = (status?.gpus.total ?? 0) > 0;
  const entries = nextEntries(next, job, {
    usual: type => defaultRequest(kinds, type, hasGpus),
    names: new Set([job, ...jobs.values()].map(({ name }) => name)),
    evaluate:
      next === 'evaluate' ? await model.api.optionSchema('EVALUATE') : null
  });
  const titles: { readonly [next in Next]: string } = {
    again: trans.__('Resubmit %1', job.name),
    evaluate: trans.__('Evaluate %1', job.name),
    continue: trans.__('Continue %1', job.name)
  };
  return { start: { entries }, title: titles[next] };
}

function isObject(
  value: ReadonlyPartialJSONValue | undefined
): value is ReadonlyPartialJSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
