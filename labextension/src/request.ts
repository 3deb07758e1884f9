import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

const API = 'jupyter-platform/api';

/**
 * Ask the platform through the Jupyter server: the only place that does.
 *
 * @param path - path below the root of the API, such as `version`
 * @param init - as for `fetch`
 * @param settings - which server to ask
 * @returns the decoded answer, `undefined` where the server sends no content
 * @throws ServerConnection.NetworkError when the server cannot be reached
 * @throws ServerConnection.ResponseError when it answers with an error; its
 * message is the sentence that the platform sent
 */
export async function request<T>(
  path: string,
  init: RequestInit = {},
  settings: ServerConnection.ISettings = ServerConnection.makeSettings()
): Promise<T> {
  const url = URLExt.join(settings.baseUrl, API, path);
  const response = await ServerConnection.makeRequest(url, init, settings);
  if (!response.ok) {
    throw await ServerConnection.ResponseError.create(response);
  }
  if (response.status === 204) {
    return undefined as T;
  }
  return (await response.json()) as T;
}
