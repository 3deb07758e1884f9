import type { ISettingRegistry } from '@jupyterlab/settingregistry';

import type { IToastChoice } from '../models/toasts';
import { EXTENSION_ID } from '../tokens';

/** Where the settings of the extension live: the schema's file name. */
export const SETTINGS_ID = `${EXTENSION_ID}:plugin`;

/** What people can set. */
export interface IPlatformSettings extends IToastChoice {
  connectAtStart: boolean;
  listenWhileHidden: boolean;
}

/** What holds without a settings registry, and before it has answered. */
export const DEFAULT_SETTINGS: IPlatformSettings = {
  connectAtStart: true,
  listenWhileHidden: true,
  toastFinished: true,
  toastFailed: true,
  toastStopped: false,
  toastStarted: false,
  toastHosts: true
};

/**
 * Call back with the settings, now and whenever they change.
 *
 * @param registry - null where the application has none: the defaults hold
 * @param apply - takes the settings
 */
export async function followSettings(
  registry: ISettingRegistry | null,
  apply: (settings: IPlatformSettings) => void
): Promise<void> {
  if (!registry) {
    apply(DEFAULT_SETTINGS);
    return;
  }
  try {
    const loaded = await registry.load(SETTINGS_ID);
    const read = (): void =>
      apply({ ...DEFAULT_SETTINGS, ...(loaded.composite as object) });
    loaded.changed.connect(read);
    read();
  } catch (error) {
    console.error('The settings of the platform cannot be read.', error);
    apply(DEFAULT_SETTINGS);
  }
}
