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

import { continueIcon, evaluateIcon, trashIcon, tryIcon } from '../icons';
import { canBeTried, hasWeights } from '../models/next-jobs';
import { CommandIDs } from '../tokens';
import type { Next } from '../tokens';
import { isEnded, isWaiting } from '../wire';
import type { IJob } from '../wire';
import type { ISurroundings } from './surroundings';

type Args = ReadonlyPartialJSONObject;

/** Add the commands about one job: `args.job`, or else the selected one. */
export function addJobCommands(surroundings: ISurroundings): void {
  addEnding(surroundings);
  addFollowing(surroundings);
  addCopying(surroundings);
}

/** Commands that end or remove a job. */
function addEnding(surroundings: ISurroundings): void {
  const { commands, trans } = surroundings;
  const { find, label } = about(surroundings);
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
    execute: args => withJob(find(args), job => stop(job, surroundings))
  });
  commands.addCommand(CommandIDs.deleteJob, {
    label: args => label(trans.__('Delete'), args),
    caption: trans.__('Forget the job; the weights that it made stay'),
    icon: trashIcon,
    describedBy: jobArguments(trans),
    isEnabled: ended,
    isVisible: ended,
    execute: args => withJob(find(args), job => remove(job, surroundings))
  });
}

/** Commands that do something with what a job has left, or make another like it. */
function addFollowing(surroundings: ISurroundings): void {
  const { commands, trans } = surroundings;
  const { find, label } = about(surroundings);
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
function addCopying(surroundings: ISurroundings): void {
  const { commands, model, trans } = surroundings;
  const { find } = about(surroundings);
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

function about({ model, trans }: ISurroundings): IAbout {
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

async function stop(job: IJob, surroundings: ISurroundings): Promise<void> {
  const { model, trans } = surroundings;
  const waiting = isWaiting(job.state);
  const sure = await confirm(
    trans,
    waiting
      ? trans.__('Cancel “%1”?', job.name)
      : trans.__('Stop “%1”?', job.name),
    waiting
      ? trans.__('It leaves the queue.')
      : trans.__('It writes a checkpoint and keeps the weights it has so far.'),
    waiting ? trans.__('Cancel the job') : trans.__('Stop')
  );
  if (sure) {
    await attempt(trans.__('“%1” was not stopped', job.name), () =>
      model.api.stopJob(job.id)
    );
  }
}

async function remove(job: IJob, surroundings: ISurroundings): Promise<void> {
  const { model, trans } = surroundings;
  const sure = await confirm(
    trans,
    trans.__('Delete “%1”?', job.name),
    trans.__(
      'Its curves, log and results are deleted. The weights that it made stay.'
    ),
    trans.__('Delete')
  );
  if (sure) {
    await attempt(trans.__('“%1” was not deleted', job.name), () =>
      model.api.deleteJob(job.id)
    );
  }
}

async function confirm(
  trans: TranslationBundle,
  title: string,
  body: string,
  verb: string
): Promise<boolean> {
  const answer = await showDialog({
    title,
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Keep') }),
      Dialog.warnButton({ label: verb })
    ]
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
    Notification.error(`${failure}: ${reason}`, { autoClose: false });
  }
}
