/** Identifies the plugins of this extension. */
export const EXTENSION_ID = '@jupyter-platform/platform';

/** The platform that runs behind the Jupyter server. */
export interface IVersion {
  version: string;
}
