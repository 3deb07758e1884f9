import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { JobDetails } from '../models/job-details';
import type { IMimeBundle, IPlatformApi } from '../tokens';
import { isEnded } from '../wire';

/** Whether data of an output say that all of it holds how the job ended. */
export function isFinal(data: unknown): boolean {
  return Boolean((data as ReadonlyPartialJSONObject | undefined)?.final);
}

/**
 * Write what a job or a list of them came to into an output that does not hold it yet.
 *
 * @param read - reads the output as it is kept
 */
export async function keepFinal(
  model: IRenderMime.IMimeModel,
  mimeType: string,
  read: () => Promise<IMimeBundle>
): Promise<void> {
  if (isFinal(model.data[mimeType])) {
    return;
  }
  const data = await read();
  // Another view, or the kernel, may have been first.
  if (isFinal(data[mimeType]) && !isFinal(model.data[mimeType])) {
    model.setData({ data: { ...model.data, ...data } });
  }
}

/**
 * Write how a job ended into its output, now or when it has, so that the notebook keeps it: for
 * exports, and for readers without the platform.
 *
 * @param details - the job; what is begun here ends with it
 * @param model - the output
 * @param mimeType - under which it refers to the job
 */
export function keepEnd(
  details: JobDetails,
  api: IPlatformApi,
  model: IRenderMime.IMimeModel,
  mimeType: string
): void {
  const look = (): void => {
    const { job } = details.view;
    if (job && isEnded(job.state)) {
      details.changed.disconnect(look);
      keepFinal(model, mimeType, () => api.jobOutput(job.id))
        // The live view says what is wrong; the next look tries again.
        .catch(() => undefined);
    }
  };
  details.changed.connect(look);
  look();
}
