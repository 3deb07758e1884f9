import type { IFieldError, IJob, IJobSubmission, JobType } from '../wire';
import type { Options } from './option-text';

/** What was entered into the submit form. */
export interface IEntries {
  readonly type: JobType;
  readonly name: string;
  /** Name of the network; of several, with commas between. */
  readonly network: string;
  readonly dataset: string;
  readonly options: Options;
  readonly cpus: string;
  readonly memory: string;
  readonly gpus: string;
  readonly priority: string;
}

/** The form before anything was entered. */
export function emptyEntries(): IEntries {
  return {
    type: 'LEARN',
    name: '',
    network: '',
    dataset: '',
    options: new Map(),
    cpus: '',
    memory: '',
    gpus: '',
    priority: ''
  };
}

const DEFAULT_CPUS = 1;
const DEFAULT_MEMORY = 1_000_000_000;

/**
 * The entries that make another job like one.
 *
 * @param job - nothing of what was given for it is lost
 * @param hasGpus - whether the cluster has any: learning then takes one by default
 */
export function entriesOf(job: IJob, hasGpus: boolean): IEntries {
  const { cpus, memory, gpus } = job.request;
  const defaultGpus = job.type === 'LEARN' && hasGpus ? 1 : 0;
  const network = job.networks.join(',');
  const unless = (value: number, usual: number): string =>
    value === usual ? '' : String(value);
  return {
    type: job.type,
    name: job.name === `${job.networks[0]}-${job.dataset}` ? '' : job.name,
    network,
    dataset: job.dataset ?? '',
    options: new Map(Object.entries(job.given)),
    cpus: unless(cpus, DEFAULT_CPUS),
    memory: unless(memory, DEFAULT_MEMORY),
    gpus: unless(gpus, defaultGpus),
    priority: unless(job.priority, 0)
  };
}

/** What is sent: entries that are empty are left to the platform. */
export function submissionOf(entries: IEntries): IJobSubmission {
  const { type, name, network, dataset, options, priority } = entries;
  const request: { [resource: string]: number | string } = {};
  for (const key of ['cpus', 'memory', 'gpus'] as const) {
    const text = entries[key].trim();
    if (text) {
      request[key] = /^\d+$/.test(text) ? Number(text) : text;
    }
  }
  const submission: IJobSubmission = {
    type,
    networks: network
      .split(',')
      .map(item => item.trim())
      .filter(Boolean),
    dataset: dataset.trim(),
    options: Object.fromEntries(options)
  };
  if (name.trim()) {
    submission.name = name;
  }
  if (Object.keys(request).length) {
    submission.request = request;
  }
  if (priority.trim()) {
    // Text that is no number goes as it is: the platform says what it accepts.
    submission.priority = Number.isNaN(Number(priority))
      ? priority
      : Number(priority);
  }
  return submission;
}

/**
 * Which control of the form an error belongs to.
 *
 * @param known - the options that have a control
 * @returns `option.<name>`, the name of another control, or `text` for an option that has none
 */
export function controlOf(
  { field }: Pick<IFieldError, 'field'>,
  known: readonly string[]
): string {
  if (field === 'networks' || field.startsWith('networks.')) {
    return 'network';
  }
  const name = field.replace(/^(request|options)\./, '');
  if (CONTROLS.includes(name) && !field.startsWith('options.')) {
    return name;
  }
  const ours = name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
  return known.includes(ours) ? `option.${ours}` : 'text';
}

const CONTROLS = [
  'type',
  'name',
  'network',
  'dataset',
  'cpus',
  'memory',
  'gpus',
  'priority'
];
