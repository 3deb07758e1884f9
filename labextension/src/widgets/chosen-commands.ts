import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { CommandIDs } from '../tokens';
import type { IViewContext } from './view-context';

/** Add the commands about several jobs: `args.jobs` are their ids. */
export function addChosenCommands(context: IViewContext): void {
  const { commands, model, trans } = context;
  const describedBy = {
    args: {
      type: 'object',
      required: ['jobs'],
      properties: { jobs: { type: 'array', items: { type: 'string' } } }
    }
  };
  commands.addCommand(CommandIDs.stopJobs, {
    label: trans.__('Stop jobs…'),
    describedBy,
    execute: args =>
      forEach(context, args, {
        title: count => trans._n('Stop %1 job?', 'Stop %1 jobs?', count),
        body: trans.__(
          'Those that run write a checkpoint and keep the weights they have so far; those that wait leave the queue.'
        ),
        verb: trans.__('Stop'),
        act: id => model.api.stopJob(id)
      })
  });
  commands.addCommand(CommandIDs.deleteJobs, {
    label: trans.__('Delete jobs…'),
    describedBy,
    execute: args =>
      forEach(context, args, {
        title: count => trans._n('Delete %1 job?', 'Delete %1 jobs?', count),
        body: trans.__(
          'Their curves, logs and results are deleted. The weights that they made stay.'
        ),
        verb: trans.__('Delete'),
        act: id => model.api.deleteJob(id)
      })
  });
}

interface IDeed {
  title: (count: number) => string;
  body: string;
  verb: string;
  act: (id: string) => Promise<unknown>;
}

/** Ask once, do it with each job, and say which of them it did not work with. */
async function forEach(
  { model, trans }: IViewContext,
  args: ReadonlyPartialJSONObject,
  deed: IDeed
): Promise<void> {
  const ids = (args.jobs as string[] | undefined) ?? [];
  const names = ids.map(id => model.job(id)?.name ?? id);
  const answer = await showDialog({
    title: deed.title(ids.length),
    body: `${shortList(names)}. ${deed.body}`,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: deed.verb })
    ],
    defaultButton: 0
  });
  if (!answer.button.accept) {
    return;
  }
  const done = await Promise.allSettled(ids.map(deed.act));
  const failures = done.flatMap((item, at) =>
    item.status === 'rejected'
      ? [`“${names[at]}”: ${(item.reason as Error).message}`]
      : []
  );
  if (failures.length) {
    Notification.error(failures.slice(0, 5).join(' '), { autoClose: false });
  }
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown}, …` : shown;
}
