import {
  Clipboard,
  Dialog,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  copyIcon,
  downloadIcon,
  refreshIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { formatAgo, formatHeadline } from '../format';
import { continueIcon, evaluateIcon, trashIcon, tryIcon } from '../icons';
import { canBeTried, hasWeights } from '../models/next-jobs';
import { CommandIDs } from '../tokens';
import type { Next } from '../tokens';
import { isEnded, isWaiting } from '../wire';
import type { IJob } from '../wire';
import { stateLabel } from './state';
import type { IViewContext } from './view-context';

/** Milliseconds for which a deleted job is offered back; the platform keeps it a moment longer. */
const UNDO_MS = 58_000;
/** Milliseconds after which a failure folds into the list of notifications. */
const FOLDED_MS = 20_000;

type Args = ReadonlyPartialJSONObject;

/** Add the commands about one job: `args.job`, or else the selected one. */
export function addJobCommands(context: IViewContext): void {
  addEnding(context);
  addFollowing(context);
  addCopying(context);
}

/** Commands that end or remove a job. */
function addEnding(context: IViewContext): void {
  const { commands, trans } = context;
  const { find, label } = about(context);
  const stoppable = (args: Args): boolean => {
    const job = find(args);
    return job !== undefined && !isEnded(job.state) && job.target === 'run';
  };
  const ended = (args: Args): boolean => {
    const job = find(args);
    return job !== undefined && isEnded(job.state);
  };
  commands.addCommand(CommandIDs.stopJob, {
    label: args => {
      const job = find(args);
      return job && isWaiting(job.state)
        ? label(trans.__('Cancel'), args)
        : label(trans.__('Stop'), args);
    },
    caption: trans.__('Let the job end with a checkpoint'),
    icon: stopIcon,
    describedBy: jobArguments(trans),
    isEnabled: stoppable,
    isVisible: stoppable,
    execute: args => withJob(find(args), job => stop(job, context))
  });
  commands.addCommand(CommandIDs.deleteJob, {
    label: args => label(trans.__('Delete'), args),
    caption: trans.__('Forget the job; the weights that it made stay'),
    icon: trashIcon,
    describedBy: jobArguments(trans),
    isEnabled: ended,
    isVisible: ended,
    execute: args => withJob(find(args), job => remove(job, context))
  });
}

/** Commands that do something with what a job has left, or make another like it. */
function addFollowing(context: IViewContext): void {
  const { commands, trans } = context;
  const { find, label } = about(context);
  const add = (
    id: string,
    verb: string,
    options: Pick<CommandRegistry.ICommandOptions, 'caption' | 'icon'>,
    isPossible: (job: IJob) => boolean,
    follow: (job: IJob) => unknown
  ): void => {
    const isThere = (args: Args): boolean => {
      const job = find(args);
      return job !== undefined && isPossible(job);
    };
    commands.addCommand(id, {
      ...options,
      label: args => label(verb, args),
      describedBy: jobArguments(trans),
      isEnabled: isThere,
      isVisible: isThere,
      execute: args => withJob(find(args), follow)
    });
  };
  const submit = (as: Next) => (job: IJob) =>
    commands.execute(CommandIDs.submit, { from: job.id, as });
  add(
    CommandIDs.evaluateJob,
    trans.__('Evaluate'),
    {
      caption: trans.__('Tell how well the weights of this job do'),
      icon: evaluateIcon
    },
    hasWeights,
    submit('evaluate')
  );
  add(
    CommandIDs.tryJob,
    trans.__('Try it'),
    {
      caption: trans.__('Ask the weights of this job about a sample'),
      icon: tryIcon
    },
    job => canBeTried(job) && commands.hasCommand(CommandIDs.openNetwork),
    ({ id, networks }) =>
      commands.execute(CommandIDs.openNetwork, {
        network: networks[0],
        tag: id
      })
  );
  add(
    CommandIDs.continueJob,
    trans.__('Continue'),
    {
      caption: trans.__('Learn on from the last weights of this job'),
      icon: continueIcon
    },
    hasWeights,
    submit('continue')
  );
  add(
    CommandIDs.resubmitJob,
    trans.__('Resubmit'),
    {
      caption: trans.__('Open the submit form with the options of this job'),
      icon: refreshIcon
    },
    () => true,
    submit('again')
  );
}

/** Commands that take something of a job elsewhere. */
function addCopying(context: IViewContext): void {
  const { commands, model, trans } = context;
  const { find } = about(context);
  const known = (args: Args): boolean => find(args) !== undefined;
  commands.addCommand(CommandIDs.copyJobId, {
    label: trans.__('Copy job id'),
    icon: copyIcon,
    describedBy: jobArguments(trans),
    isEnabled: known,
    isVisible: known,
    execute: args => withJob(find(args), job => Clipboard.copyToSystem(job.id))
  });
  commands.addCommand(CommandIDs.downloadJob, {
    label: trans.__('Download everything (zip)'),
    caption: trans.__('Specification, results, curves as CSV, and log'),
    icon: downloadIcon,
    describedBy: jobArguments(trans),
    isEnabled: known,
    isVisible: known,
    execute: args =>
      withJob(find(args), job => {
        const link = document.createElement('a');
        link.href = model.api.archiveUrl(job.id);
        link.download = '';
        link.click();
      })
  });
}

interface IAbout {
  find: (args: Args) => IJob | undefined;
  label: (verb: string, args: Args) => string;
}

function about({ model, trans }: IViewContext): IAbout {
  const idOf = (args: Args): string | null =>
    typeof args.job === 'string' ? args.job : model.selected;
  const find = (args: Args): IJob | undefined => {
    const id = idOf(args);
    return id === null ? undefined : model.job(id);
  };
  return {
    find,
    // Who chose the job sees which one it is; the palette has to say it.
    label: (verb, args) => {
      const job = find(args);
      return args.job === undefined && job
        ? trans.__('%1 “%2”…', verb, job.name)
        : trans.__('%1…', verb);
    }
  };
}

function jobArguments(
  trans: TranslationBundle
): CommandRegistry.ICommandOptions['describedBy'] {
  return {
    args: {
      type: 'object',
      properties: {
        job: {
          type: 'string',
          description: trans.__('Id of the job; the selected one when absent.')
        }
      }
    }
  };
}

async function withJob(
  job: IJob | undefined,
  act: (job: IJob) => unknown
): Promise<void> {
  if (job) {
    await act(job);
  }
}

async function stop(job: IJob, context: IViewContext): Promise<void> {
  const { model, trans } = context;
  const waiting = isWaiting(job.state);
  const sure = await confirm(
    waiting
      ? {
          title: trans.__('Cancel “%1”?', job.name),
          body: trans.__('It leaves the queue.'),
          keep: trans.__('Leave it in the queue'),
          act: trans.__('Cancel the job')
        }
      : {
          title: trans.__('Stop “%1”?', job.name),
          body: trans.__(
            'It writes a checkpoint and keeps the weights it has so far.'
          ),
          keep: trans.__('Let it run'),
          act: trans.__('Stop the job')
        }
  );
  if (sure) {
    await attempt(trans.__('“%1” was not stopped', job.name), () =>
      model.api.stopJob(job.id)
    );
  }
}

async function remove(job: IJob, context: IViewContext): Promise<void> {
  const { model, trans } = context;
  const sure = await confirm({
    title: trans.__('Delete “%1”?', job.name),
    body: [
      whichJob(job, trans),
      trans.__(
        'Its curves, log and results go, for good after a minute; the weights that it made stay.'
      )
    ].join(' '),
    keep: trans.__('Keep the job'),
    act: trans.__('Delete the job')
  });
  if (sure) {
    await attempt(trans.__('“%1” was not deleted', job.name), async () => {
      await model.api.deleteJob(job.id);
      offerToRestore(job, context);
    });
  }
}

/** What tells a job from others of its name: `LEARN mlp on iris, finished 2 h ago, accuracy 0.98.` */
function whichJob(job: IJob, trans: TranslationBundle): string {
  const { type, networks, dataset, state, finished_at, headline } = job;
  const what = [type, networks.join(', ')].filter(Boolean).join(' ');
  const end = stateLabel(state, trans);
  const parts = [
    dataset === null ? what : trans.__('%1 on %2', what, dataset),
    finished_at === null ? end : `${end} ${formatAgo(finished_at, trans)}`,
    headline?.value != null && formatHeadline(headline)
  ];
  return `${parts.filter(Boolean).join(', ')}.`;
}

/** Offer a deleted job back for as long as the platform keeps it. */
function offerToRestore(
  job: IJob,
  { model, trans }: Pick<IViewContext, 'model' | 'trans'>
): void {
  Notification.emit(trans.__('“%1” was deleted.', job.name), 'info', {
    autoClose: UNDO_MS,
    actions: [
      {
        label: trans.__('Undo'),
        callback: () =>
          void attempt(trans.__('“%1” was not restored', job.name), () =>
            model.api.restoreJob(job.id)
          )
      }
    ]
  });
}

interface IQuestion {
  title: string;
  body: string;
  /** What the button does that changes nothing; it has the focus. */
  keep: string;
  act: string;
}

/** Ask before something is ended; what people press without reading changes nothing. */
async function confirm({
  title,
  body,
  keep,
  act
}: IQuestion): Promise<boolean> {
  const answer = await showDialog({
    title,
    body,
    buttons: [
      Dialog.cancelButton({ label: keep }),
      Dialog.warnButton({ label: act })
    ],
    defaultButton: 0
  });
  return answer.button.accept;
}

/** Do something, and when it fails say what, and why. */
async function attempt(
  failure: string,
  act: () => Promise<unknown>
): Promise<void> {
  try {
    await act();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    Notification.error(`${failure}: ${reason}`, { autoClose: FOLDED_MS });
  }
}
