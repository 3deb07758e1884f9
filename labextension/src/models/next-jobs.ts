import { entriesOf } from './entries';
import type { IEntries } from './entries';
import type { DefaultRequest } from './kinds';
import type { Options } from './option-text';
import type { Next } from '../tokens';
import { isEnded } from '../wire';
import type { IJob, IOptionSchema, JobType, Json } from '../wire';

/** What a next job depends on beside the job that it follows. */
export interface INextContext {
  /** What a kind of job asks for by default; null where that is not known. */
  readonly usual: (type: JobType) => DefaultRequest | null;
  /** Names that are taken. */
  readonly names: ReadonlySet<string>;
  /** The options of EVALUATE; null where they are not known, and none is taken over. */
  readonly evaluate: IOptionSchema | null;
}

/** Options of one learning that mean nothing, or something else, to the next job. */
const OF_ONE_JOB = ['tag', 'init_tag', 'clean', 'replace_best'];

/** Options of EVALUATE by the names of LEARN's that are about learning. */
const ABOUT_LEARNING = [
  ...OF_ONE_JOB,
  'batch_size',
  'seed',
  'test_set',
  'train_set',
  'validation_set'
];

/** Whether a job has left weights that can be evaluated, tried and learned on. */
export function hasWeights({ type, state, progress }: IJob): boolean {
  return (
    type === 'LEARN' &&
    isEnded(state) &&
    state !== 'cancelled' &&
    (state === 'finished' || (progress?.step ?? 0) > 0)
  );
}

/**
 * Whether the weights of a job answer to samples of its dataset, so that they can be tried.
 *
 * Those of agents act in environments; of several networks none answers alone.
 */
export function canBeTried(job: IJob): boolean {
  return hasWeights(job) && job.networks.length === 1 && job.category !== 'RL';
}

/** The entries of the submit form for a job that follows one. */
export function nextEntries(
  next: Next,
  job: IJob,
  context: INextContext
): IEntries {
  switch (next) {
    case 'again':
      return again(job, context);
    case 'evaluate':
      return evaluation(job, context);
    case 'continue':
      return continuation(job, context);
  }
}

/** The same again, under a name and a tag of its own. */
function again(job: IJob, { usual, names }: INextContext): IEntries {
  const entries = entriesOf(job, usual(job.type));
  const isLearning = job.type === 'LEARN';
  return {
    ...entries,
    name: freeName(job.name, names),
    options: isLearning
      ? without(entries.options, ['tag', 'clean', 'replace_best'])
      : entries.options
  };
}

/** More updates from where it ended. */
function continuation(job: IJob, { usual, names }: INextContext): IEntries {
  const entries = entriesOf(job, usual(job.type));
  const options = new Map(without(entries.options, OF_ONE_JOB));
  options.set('init_tag', `${job.id}/last`);
  return {
    ...entries,
    name: freeName(`${job.name} continued`, names),
    options
  };
}

/** How well its own weights do, whatever its tag points at by now. */
function evaluation(job: IJob, context: INextContext): IEntries {
  const { usual, names, evaluate } = context;
  const entries = entriesOf(job, usual(job.type));
  const isActing = job.category === 'RL';
  const options = new Map<string, Json>([['tag', job.id]]);
  for (const [key, value] of entries.options) {
    if (!ABOUT_LEARNING.includes(key) && isKnown(evaluate, key, value)) {
      options.set(key, value);
    }
  }
  return {
    ...entries,
    type: 'EVALUATE',
    name: freeName(`${job.name} evaluated`, names),
    // Of agents one network chooses what they do; the others judge it while it learns.
    networks: isActing ? entries.networks.slice(0, 1) : entries.networks,
    dataset: isActing ? '' : entries.dataset,
    options,
    gpus: '',
    target_count: '',
    targets: '',
    force_free: ''
  };
}

function isKnown(
  schema: IOptionSchema | null,
  key: string,
  value: Json
): boolean {
  const property = schema?.properties[key];
  return (
    property !== undefined &&
    (property.enum === undefined || property.enum.includes(value))
  );
}

function without(options: Options, names: readonly string[]): Options {
  return new Map([...options].filter(([key]) => !names.includes(key)));
}

/**
 * A name that is not taken: the name itself, or it with the next number behind it.
 *
 * @param name - a number at its end, after a space, is counted on
 */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) {
    return name;
  }
  const [, stem, number] = /^(.*?)(?: (\d{1,6}))?$/s.exec(name) ?? ['', name];
  let count = Number(number ?? 1) + 1;
  while (taken.has(`${stem} ${count}`)) {
    count++;
  }
  return `${stem} ${count}`;
}
