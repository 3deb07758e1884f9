import { MarketCommandIDs } from '../market-commands';
import { deploymentIcon } from '../market-icons';
import { canBeTried } from '../models/next-jobs';
import type { IJob } from '../wire';
import type { IViewContext } from './view-context';

/** Add the commands that make something of the marketplace of a job. */
export function addMarketJobCommands({
  commands,
  model,
  trans
}: IViewContext): void {
  const find = (job: unknown): IJob | undefined => {
    const id = typeof job === 'string' ? job : model.selected;
    return id === null ? undefined : model.job(id);
  };
  const isPossible = ({ job }: { job?: unknown }): boolean => {
    const found = find(job);
    return found !== undefined && canBeTried(found);
  };
  commands.addCommand(MarketCommandIDs.deployJob, {
    label: trans.__('Deploy…'),
    caption: trans.__('Let the weights of this job answer as an inference API'),
    icon: deploymentIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          job: {
            type: 'string',
            description: trans.__(
              'Id of the job; the selected one when absent.'
            )
          }
        }
      }
    },
    isEnabled: isPossible,
    isVisible: isPossible,
    execute: async ({ job }) => {
      const found = find(job);
      if (found) {
        await commands.execute(MarketCommandIDs.openItem, {
          item: `deploy:${found.networks[0]}:${found.id}`
        });
      }
    }
  });
}
