import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { EXTENSION_ID, IPlatformModel, TRANSLATION_DOMAIN } from '../tokens';
import {
  JOBS_MIME_TYPE,
  JOB_MIME_TYPE,
  RenderedJobs
} from '../widgets/rendered';

/** Before HTML, which comes with the same output for those who know no better. */
const RANK = 10;

/** Shows jobs in the outputs of notebooks. */
export const mime: JupyterFrontEndPlugin<void> = {
  id: `${EXTENSION_ID}:mime`,
  description: 'The live views of jobs in notebooks.',
  autoStart: true,
  requires: [IPlatformModel, IRenderMimeRegistry],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: IPlatformModel,
    registry: IRenderMimeRegistry,
    translator: ITranslator | null
  ) => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    registry.addFactory(
      {
        // An output only says which job it is: it holds nothing that could be executed.
        safe: true,
        mimeTypes: [JOB_MIME_TYPE, JOBS_MIME_TYPE],
        createRenderer: ({ mimeType }) =>
          new RenderedJobs(
            { commands, model, trans, rendermime: registry },
            mimeType
          )
      },
      RANK
    );
  }
};
