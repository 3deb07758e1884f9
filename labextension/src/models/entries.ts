import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type {
  IFieldError,
  IJob,
  IJobSubmission,
  IOptionProperty,
  Json,
  JobType
} from '../wire';
import type { DefaultRequest } from './kinds';
import type { Options } from './option-text';

/** What was entered into the submit form. */
export interface IEntries {
  readonly type: JobType;
  readonly name: string;
  /** Names of the networks in the order of their roles; never empty. */
  readonly networks: readonly string[];
  readonly dataset: string;
  readonly options: Options;
  readonly cpus: string;
  readonly memory: string;
  readonly gpus: string;
  readonly priority: string;
  readonly target_count: string;
  /** Names of hosts, with commas between them. */
  readonly targets: string;
  readonly target_filter: string;
  /** `true`, or empty. */
  readonly force_free: string;
  /** How a sweep chooses its values; empty for the usual way. */
  readonly search: string;
  /** Jobs of a sweep that draws its values. */
  readonly trials: string;
}

/** The form before anything was entered. */
export function emptyEntries(): IEntries {
  return {
    type: 'LEARN',
    name: '',
    networks: [''],
    dataset: '',
    options: new Map(),
    cpus: '',
    memory: '',
    gpus: '',
    priority: '',
    target_count: '',
    targets: '',
    target_filter: '',
    force_free: '',
    search: '',
    trials: ''
  };
}

/**
 * The entries that make another job like one.
 *
 * @param job - nothing of what was given for it is lost
 * @param usual - what its kind asks for by default; null where that is not known
 */
export function entriesOf(job: IJob, usual: DefaultRequest | null): IEntries {
  const { cpus, memory, gpus } = job.request;
  const unless = (value: number, usual?: number): string =>
    value === usual ? '' : String(value);
  return {
    type: job.type,
    name: job.name === `${job.networks[0]}-${job.dataset}` ? '' : job.name,
    networks: job.networks.length ? job.networks : [''],
    dataset: job.dataset ?? '',
    options: new Map(Object.entries(job.given)),
    cpus: unless(cpus, usual?.cpus),
    memory: unless(memory, usual?.memory),
    gpus: unless(gpus, usual?.gpus),
    priority: unless(job.priority, 0),
    target_count: unless(job.target_count, Math.max(job.targets.length, 1)),
    targets: job.targets.join(', '),
    target_filter: job.target_filter ?? '',
    force_free: job.force_free ? 'true' : '',
    search: '',
    trials: ''
  };
}

/** What is sent: entries that are empty are left to the platform. */
export function submissionOf(entries: IEntries): IJobSubmission {
  const { type, name, networks, dataset, options, priority } = entries;
  const request: { [resource: string]: number | string } = {};
  for (const key of ['cpus', 'memory', 'gpus'] as const) {
    const text = entries[key].trim();
    if (text) {
      request[key] = /^\d+$/.test(text) ? Number(text) : text;
    }
  }
  const submission: IJobSubmission = {
    type,
    networks: networks
      .flatMap(text => text.split(','))
      .map(item => item.trim())
      .filter(Boolean),
    dataset: dataset.trim() || null,
    options: Object.fromEntries(options)
  };
  if (name.trim()) {
    submission.name = name;
  }
  if (Object.keys(request).length) {
    submission.request = request;
  }
  if (priority.trim()) {
    submission.priority = numberOr(priority);
  }
  return { ...submission, ...placementOf(entries) };
}

/** What is sent about the hosts that a job may use. */
function placementOf(entries: IEntries): Partial<IJobSubmission> {
  const { target_count, targets, target_filter, force_free } = entries;
  const placement: Partial<IJobSubmission> = {};
  if (target_count.trim()) {
    placement.target_count = numberOr(target_count);
  }
  const names = targets.split(',').map(name => name.trim());
  if (names.some(Boolean)) {
    placement.targets = names.filter(Boolean);
  }
  if (target_filter.trim()) {
    placement.target_filter = target_filter.trim();
  }
  if (force_free) {
    placement.force_free = true;
  }
  return placement;
}

/** Text that is no number goes as it is: the platform says what it accepts. */
function numberOr(text: string): number | string {
  return Number.isNaN(Number(text)) ? text : Number(text);
}

/** The entries as JSON, such as a layout keeps. */
export function packEntries(entries: IEntries): ReadonlyPartialJSONObject {
  const { options, networks, ...texts } = entries;
  return {
    ...texts,
    networks: [...networks],
    options: [...options]
  };
}

/**
 * The entries that `packEntries()` packed.
 *
 * @param packed - what is not as it should be, because another version wrote it, is left out
 */
export function unpackEntries(packed: ReadonlyPartialJSONObject): IEntries {
  const blank = emptyEntries();
  const text = (key: TextEntry): string => {
    const value = packed[key];
    return typeof value === 'string' ? value : blank[key];
  };
  const networks = listOf(packed.networks).filter(isText);
  const options = listOf(packed.options).filter(
    (item): item is [string, Json] =>
      Array.isArray(item) && item.length === 2 && isText(item[0])
  );
  return {
    type: text('type'),
    name: text('name'),
    networks: networks.length ? networks : blank.networks,
    dataset: text('dataset'),
    options: new Map(options),
    cpus: text('cpus'),
    memory: text('memory'),
    gpus: text('gpus'),
    priority: text('priority'),
    target_count: text('target_count'),
    targets: text('targets'),
    target_filter: text('target_filter'),
    force_free: text('force_free'),
    search: text('search'),
    trials: text('trials')
  };
}

type TextEntry = Exclude<keyof IEntries, 'networks' | 'options'>;

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/**
 * Which control of the form an error belongs to.
 *
 * @param known - the options that have a control, with what is known of them
 * @param networks - the names that were entered
 * @returns `option.<name>`, `network.<position>`, the name of another control, or `text` for an
 * option that has none
 */
export function controlOf(
  { field, value }: Pick<IFieldError, 'field' | 'value'>,
  known: readonly (readonly [string, Pick<IOptionProperty, 'dianne'>])[],
  networks: readonly string[]
): string {
  if (/^networks?($|\.)/.test(field)) {
    const position = /\.(\d+)$/.exec(field)?.[1];
    const named = networks.findIndex(name => name.trim() === value);
    return `network.${position ?? Math.max(named, 0)}`;
  }
  const name = field.replace(/^(request|options)\./, '');
  if (CONTROLS.includes(name) && !field.startsWith('options.')) {
    return name;
  }
  const found = known.find(
    ([ours, { dianne }]) => ours === name || dianne?.includes(name)
  );
  return found ? `option.${found[0]}` : 'text';
}

const CONTROLS = [
  'type',
  'name',
  'dataset',
  'cpus',
  'memory',
  'gpus',
  'priority',
  'target_count',
  'targets',
  'target_filter',
  'force_free',
  'search',
  'trials'
];
