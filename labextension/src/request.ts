import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import type { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';

import type {
  IJobQuery,
  IMetricsQuery,
  IMimeBundle,
  IPlatformApi
} from './tokens';
import type {
  IEnvironment,
  IPool,
  IReplay,
  ReplayKind,
  IDeploymentPage,
  IJobChange,
  ILogChunk,
  IDataset,
  IDatasetRecord,
  IErrorAnswer,
  IFieldError,
  IHost,
  IJob,
  IJobCheck,
  IJobFile,
  IJobKind,
  IJobPage,
  IJobSubmission,
  IMetrics,
  INetwork,
  INetworkImport,
  IOptionSchema,
  IOptionText,
  IStatus,
  IStrategy,
  ISweep,
  ISweepSubmission,
  JobType
} from './wire';

const ROOT = 'jupyter-platform';

/** A request that the platform refused or could not answer. */
export class PlatformError extends Error {
  /**
   * @param message - a sentence for people
   * @param code - what kind of error it is, such as `not_found`; `network` when
   * the Jupyter server cannot be reached
   * @param status - the HTTP status; 0 when there was no answer
   * @param errors - the fields that are to blame
   */
  constructor(
    message: string,
    readonly code: string,
    readonly status: number,
    readonly errors: readonly IFieldError[] = []
  ) {
    super(message);
    this.name = 'PlatformError';
  }
}

/** Talks to the platform through the Jupyter server: the only place that does. */
export class PlatformApi implements IPlatformApi {
  /**
   * @param settings - which server to ask
   * @param trans - for the errors of this side
   */
  constructor(
    settings: ServerConnection.ISettings = ServerConnection.makeSettings(),
    trans: TranslationBundle = nullTranslator.load('')
  ) {
    this._settings = settings;
    this._trans = trans;
  }

  status(): Promise<IStatus> {
    return this._get('status');
  }

  start(): Promise<void> {
    return this._send('POST', 'start');
  }

  submit(submission: IJobSubmission, key = UUID.uuid4()): Promise<IJob> {
    return this._post('jobs', submission, key);
  }

  submitSweep(sweep: ISweepSubmission, key = UUID.uuid4()): Promise<ISweep> {
    return this._post('sweeps', sweep, key);
  }

  check(submission: IJobSubmission, signal?: AbortSignal): Promise<IJobCheck> {
    return this._send('POST', 'jobs/check', submission, signal);
  }

  jobs(query: IJobQuery = {}, signal?: AbortSignal): Promise<IJobPage> {
    return this._get(`jobs${search({ ...query })}`, signal);
  }

  job(id: string, signal?: AbortSignal): Promise<IJob> {
    return this._get(`jobs/${segment(id)}`, signal);
  }

  jobOutput(id: string, signal?: AbortSignal): Promise<IMimeBundle> {
    return this._get(`outputs/jobs/${segment(id)}`, signal);
  }

  jobsOutput(ids: readonly string[], total: number): Promise<IMimeBundle> {
    return this._get(`outputs/jobs${search({ ids, total })}`);
  }

  stopJob(id: string): Promise<IJob> {
    return this._send('POST', `jobs/${segment(id)}/stop`);
  }

  changeJob(id: string, change: IJobChange): Promise<IJob> {
    return this._send('PATCH', `jobs/${segment(id)}`, change);
  }

  deleteJob(id: string): Promise<void> {
    return this._send('DELETE', `jobs/${segment(id)}`);
  }

  restoreJob(id: string): Promise<IJob> {
    return this._send('POST', `jobs/${segment(id)}/restore`);
  }

  metrics(
    id: string,
    query: IMetricsQuery = {},
    signal?: AbortSignal
  ): Promise<IMetrics> {
    return this._get(
      `jobs/${segment(id)}/metrics${search({ ...query })}`,
      signal
    );
  }

  log(
    id: string,
    offset: number,
    limit?: number,
    signal?: AbortSignal,
    rank?: number
  ): Promise<ILogChunk> {
    return this._get(
      `jobs/${segment(id)}/log${search({ offset, limit, rank })}`,
      signal
    );
  }

  pageUrl(path: string): string {
    return URLExt.join(this._settings.baseUrl, path);
  }

  archiveUrl(id: string): string {
    return this._url(`api/jobs/${segment(id)}/archive`);
  }

  fileUrl(id: string, name: string): string {
    const path = name.split('/').map(segment).join('/');
    return this._url(`api/jobs/${segment(id)}/files/${path}`);
  }

  jobFiles(id: string): Promise<IJobFile[]> {
    return this._get(`jobs/${segment(id)}/files`);
  }

  jobFile(id: string, name: string): Promise<unknown> {
    const path = name.split('/').map(segment).join('/');
    return this._get(`jobs/${segment(id)}/files/${path}`);
  }

  jobKinds(): Promise<IJobKind[]> {
    return this._get('options/kinds');
  }

  readOptions(text: string): Promise<IOptionText> {
    return this._send('POST', 'options/read', { text });
  }

  optionSchema(type: JobType): Promise<IOptionSchema> {
    return this._get(`options/${segment(type)}`);
  }

  replays(id: string): Promise<IReplay[]> {
    return this._get(`jobs/${segment(id)}/replays`);
  }

  replay(id: string, kind: ReplayKind, rank: number): Promise<IReplay> {
    return this._get(`jobs/${segment(id)}/replays/${kind}${search({ rank })}`);
  }

  pools(): Promise<IPool[]> {
    return this._get('pools');
  }

  environments(): Promise<IEnvironment[]> {
    return this._get('environments');
  }

  strategies(): Promise<IStrategy[]> {
    return this._get('strategies');
  }

  networks(): Promise<INetwork[]> {
    return this._get('networks');
  }

  network(name: string): Promise<INetwork> {
    return this._get(`networks/${segment(name)}`);
  }

  importNetwork(file: File): Promise<INetworkImport> {
    // Who uploads their own module wants it run: an archive of a stranger's may hold source, too.
    const code = file.name.toLowerCase().endsWith('.py') ? 'true' : undefined;
    const query = search({ file_name: file.name, code });
    return this._request(`networks/import${query}`, {
      method: 'POST',
      body: file,
      headers: { 'Content-Type': 'application/octet-stream' }
    });
  }

  async datasets(): Promise<IDataset[]> {
    const records = await this._get<IDatasetRecord[]>('datasets');
    return records.filter(isDescribed);
  }

  async dataset(name: string): Promise<IDataset> {
    const record = await this._get<IDatasetRecord>(`datasets/${segment(name)}`);
    if (!isDescribed(record)) {
      throw new PlatformError(record.problem ?? name, 'invalid_data', 422);
    }
    return record;
  }

  deployments(): Promise<IDeploymentPage> {
    return this._get(`deployments${search({ limit: 1000 })}`);
  }

  hosts(): Promise<IHost[]> {
    return this._get('hosts');
  }

  events(after: string | null): WebSocket {
    const { appendToken, token, wsUrl } = this._settings;
    const query = search({
      after: after ?? undefined,
      token: appendToken && token ? token : undefined
    });
    const url = URLExt.join(wsUrl, ROOT, 'api/events') + query;
    return new this._settings.WebSocket(url);
  }

  dashboardUrl(name: string, theme: 'light' | 'dark'): string {
    return this._url(`dashboards/${name}`) + search({ theme });
  }

  private _url(path: string): string {
    return URLExt.join(this._settings.baseUrl, ROOT, path);
  }

  private _get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this._request(path, { method: 'GET', signal });
  }

  private _send<T>(
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    signal?: AbortSignal
  ): Promise<T> {
    const init: RequestInit = { method, signal };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers = { 'Content-Type': 'application/json' };
    }
    return this._request(path, init);
  }

  /** Make something at most once, however often it is sent under a key. */
  private _post<T>(path: string, body: unknown, key: string): Promise<T> {
    return this._request(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key }
    });
  }

  private async _request<T>(path: string, init: RequestInit): Promise<T> {
    const response = await ServerConnection.makeRequest(
      this._url(`api/${path}`),
      // Without this a parameter that the platform does not know is added to the address.
      { cache: 'no-cache', ...init },
      this._settings
    ).catch((error: unknown) => {
      throw this._unreachable(error, init.signal);
    });
    if (!response.ok) {
      throw await this._refusal(response);
    }
    return response.status === 204
      ? (undefined as T)
      : ((await response.json()) as T);
  }

  private _unreachable(error: unknown, signal?: AbortSignal | null): unknown {
    if (signal?.aborted) {
      return signal.reason;
    }
    if (!(error instanceof ServerConnection.NetworkError)) {
      return error;
    }
    const message = this._trans.__('The Jupyter server does not answer.');
    return new PlatformError(message, 'network', 0);
  }

  private async _refusal(response: Response): Promise<PlatformError> {
    const { status, statusText } = response;
    const answer: unknown = await response.json().catch(() => null);
    const { message, code, errors } = (answer ?? {}) as Partial<IErrorAnswer>;
    if (message && code) {
      return new PlatformError(message, code, status, errors);
    }
    if (status === 404) {
      const advice = this._trans.__(
        'The Jupyter server does not know the platform. Run "jupyter server extension enable jupyter_platform" and restart the server.'
      );
      return new PlatformError(advice, 'not_installed', status);
    }
    const text = this._trans.__(
      'The Jupyter server answered: %1',
      message ?? `${status} ${statusText}`
    );
    return new PlatformError(text, 'http', status);
  }

  private readonly _settings: ServerConnection.ISettings;
  private readonly _trans: TranslationBundle;
}

type QueryValue = string | number | readonly string[] | undefined;

function segment(name: string): string {
  return encodeURIComponent(name);
}

function search(query: { [key: string]: QueryValue }): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (key === 'series' && typeof value === 'object') {
      // Names that jobs give may hold commas themselves.
      value.forEach(name => params.append(key, name));
      continue;
    }
    const text = Array.isArray(value) ? value.join(',') : value;
    if (text !== undefined && text !== '') {
      params.set(key, String(text));
    }
  }
  const text = params.toString();
  return text && `?${text}`;
}

/** Whether the file of a dataset can be read. */
function isDescribed(record: IDatasetRecord): record is IDataset {
  return record.descriptor !== null;
}
