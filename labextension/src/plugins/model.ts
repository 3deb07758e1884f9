import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { PlatformModel } from '../models/platform';
import { PlatformApi } from '../request';
import { EXTENSION_ID, IPlatformModel, TRANSLATION_DOMAIN } from '../tokens';
import { followSettings } from './settings';

/** Provides the live model that all other plugins share. */
export const model: JupyterFrontEndPlugin<IPlatformModel> = {
  id: `${EXTENSION_ID}:model`,
  description: 'The live state of the platform.',
  autoStart: true,
  provides: IPlatformModel,
  optional: [ITranslator, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    registry: ISettingRegistry | null
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const { serverSettings } = app.serviceManager;
    const platform = new PlatformModel(
      new PlatformApi(serverSettings, trans),
      trans
    );
    let first = true;
    void followSettings(registry, settings => {
      platform.listensWhileHidden = settings.listenWhileHidden;
      if (first && settings.connectAtStart) {
        // Once the page is there: connecting may start the platform, which can wait that long.
        void app.restored.then(() => platform.connect());
      }
      first = false;
    });
    return platform;
  }
};
