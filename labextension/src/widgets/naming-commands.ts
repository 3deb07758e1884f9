import { InputDialog, Notification } from '@jupyterlab/apputils';
import { editIcon } from '@jupyterlab/ui-components';

import { CommandIDs } from '../tokens';
import type { IJobChange, IJob } from '../wire';
import type { IViewContext } from './view-context';

/** Add the commands that change what people call a job, and what they note about it. */
export function addNamingCommands(context: IViewContext): void {
  const { commands, model, trans } = context;
  const find = (id: unknown): IJob | undefined => {
    const job = typeof id === 'string' ? id : model.selected;
    return job === null ? undefined : model.job(job);
  };
  const describedBy = {
    args: { type: 'object', properties: { job: { type: 'string' } } }
  };
  commands.addCommand(CommandIDs.renameJob, {
    label: trans.__('Rename…'),
    icon: editIcon,
    describedBy,
    isVisible: ({ job }) => find(job) !== undefined,
    execute: async ({ job }) => {
      const found = find(job);
      if (found) {
        const { value } = await InputDialog.getText({
          title: trans.__('Rename the job'),
          text: found.name
        });
        await apply(context, found, value ? { name: value } : null);
      }
    }
  });
  commands.addCommand(CommandIDs.noteJob, {
    label: trans.__('Note…'),
    describedBy,
    isVisible: ({ job }) => find(job) !== undefined,
    execute: async ({ job }) => {
      const found = find(job);
      if (found) {
        const { value } = await InputDialog.getText({
          title: trans.__('Note about “%1”', found.name),
          text: found.note
        });
        await apply(context, found, value === null ? null : { note: value });
      }
    }
  });
}

async function apply(
  { model, trans }: IViewContext,
  job: IJob,
  change: IJobChange | null
): Promise<void> {
  if (change === null) {
    return;
  }
  try {
    model.remember([await model.api.changeJob(job.id, change)]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    Notification.error(trans.__('“%1” was not changed: %2', job.name, reason));
  }
}
