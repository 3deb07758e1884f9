import { ILabShell } from '@jupyterlab/application';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';

import { Places } from '../models/places';
import { EXTENSION_ID, IPlaces } from '../tokens';

/** Provides the list of what can be opened, to which the other plugins add. */
export const places: JupyterFrontEndPlugin<IPlaces> = {
  id: `${EXTENSION_ID}:places`,
  description: 'What of the platform can be opened, and where.',
  autoStart: true,
  provides: IPlaces,
  optional: [ILabShell],
  activate: (app: JupyterFrontEnd, labShell: ILabShell | null) =>
    // Other applications show one document a page, and no tab beside it.
    new Places(labShell !== null, app.serviceManager.serverSettings.baseUrl)
};
