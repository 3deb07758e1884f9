import type {
  IDataset,
  IDatasetDescriptor,
  IDatasetFacts,
  IJobCheck,
  IJobKind,
  INetwork,
  INetworkDescription,
  IOptionProperty,
  IOptionSchema,
  IStrategy,
  ISweep
} from '../../wire';

/** What DIANNE has among the options and the platform beside them. */
const SUBMISSION_KEYS = ['name', 'targets', 'targetCount', 'target_count'];

/** An option with what a test says and nothing of note for the rest. */
export function anOption(
  fields: Partial<IOptionProperty> = {}
): IOptionProperty {
  return {
    title: '',
    description: '',
    type: 'string',
    group: 'Learning',
    common: true,
    default: null,
    ...fields
  };
}

export function aSchema(
  properties: IOptionSchema['properties']
): IOptionSchema {
  return {
    title: '',
    description: '',
    type: 'object',
    properties,
    additionalProperties: false,
    submission_keys: SUBMISSION_KEYS
  };
}

export function aCheck(fields: Partial<IJobCheck> = {}): IJobCheck {
  return {
    options: {},
    given: {},
    request: { cpus: 1, memory: 1e9, gpus: 0 },
    dianne_defaults: {},
    warnings: [],
    when: 'starts now on vm',
    ...fields
  };
}

export function aStrategy(fields: Partial<IStrategy> = {}): IStrategy {
  return {
    name: 'feed_forward',
    title: '',
    summary: '',
    category: 'FF',
    roles: ['network'],
    taught_by: [],
    learns_from: ['dataset'],
    dianne: [],
    types: ['LEARN'],
    defaults: {},
    origin: 'built-in',
    own_options: null,
    problem: null,
    ...fields
  };
}

export function aNetwork(
  name: string,
  description: Partial<INetworkDescription> = {},
  facts: INetwork['facts'] = null
): INetwork {
  return {
    description: {
      format: 1,
      name,
      title: '',
      summary: '',
      roles: [],
      task: null,
      input_shape: null,
      outputs: null,
      layers: [],
      entry_point: null,
      source: null,
      defaults: {},
      ...description
    },
    origin: 'added',
    facts,
    tags: []
  };
}

export function aSweep(fields: Partial<ISweep> = {}): ISweep {
  return {
    id: 's1',
    owner: 'ada',
    name: 'lenet-digits',
    method: 'grid',
    dimensions: {},
    seed: 0,
    submitted_at: '2026-11-22T05:00:00Z',
    states: {},
    best: null,
    metric: null,
    score: null,
    ...fields
  };
}

/** A dataset of classes that has been looked at. */
export function aDataset(
  name: string,
  facts: Partial<IDatasetFacts> = {}
): IDataset {
  return {
    name,
    descriptor: aDescriptor(name),
    origin: 'bundled',
    state: 'ready',
    reading: false,
    problem: null,
    download: null,
    base: null,
    location: null,
    facts: { ...SOME_FACTS, ...facts }
  };
}

const SOME_FACTS: IDatasetFacts = {
  size: 1797,
  shape: [1, 8, 8],
  task: 'classification',
  outputs: 10,
  target_shape: [],
  classes: null,
  class_counts: null,
  features: null,
  parts: {},
  bytes: 1,
  masks: false,
  mask_values: null,
  ignore_value: null,
  value_range: null,
  skipped: 0,
  warnings: [],
  scale: 1,
  input_type: 'float32',
  stored_type: 'uint8',
  streamed: false,
  sequential: false,
  table: null,
  pin: null,
  notes: []
};

function aDescriptor(name: string): IDatasetDescriptor {
  return {
    format: 1,
    name,
    title: name,
    summary: '',
    source: '',
    licence: '',
    kind: 'npz',
    file: null,
    train: [],
    validation: [],
    test: [],
    labels: null,
    skip_broken: false,
    mask_values: null,
    ignore_value: null,
    label_bytes: 0,
    parameters: {},
    task: null,
    shape: null,
    scale: null,
    classes: null,
    features: null,
    size: null,
    shuffle_seed: null,
    shuffle: true,
    splits: null,
    adapters: {},
    download: [],
    stamp: '',
    learnt: null,
    pinned: null,
    ...NO_TABLE
  };
}

const NO_TABLE = {
  target: null,
  inputs: null,
  exclude: [],
  separator: null,
  decimal: null,
  thousands: null,
  encoding: null,
  header: null,
  date_format: null,
  missing: 'refuse',
  encode: null,
  normalise: false
} as const satisfies Partial<IDatasetDescriptor>;

/** A kind of job with what a test says and plausible values for the rest. */
export function aKind(name: string, fields: Partial<IJobKind> = {}): IJobKind {
  return {
    name,
    title: name,
    help: `What ${name} does.`,
    role: 'learner',
    takes: 'networks',
    samples: 'strategy',
    label: name,
    request: { cpus: 1, memory: 1_000_000_000, gpus: 0 },
    ...fields
  };
}

/** The kinds that the platform has by itself. */
export const KINDS: readonly IJobKind[] = [
  aKind('LEARN', { request: { cpus: 1, memory: 1_000_000_000, gpus: 1 } }),
  aKind('EVALUATE', { label: 'EVAL' }),
  aKind('ACT', { samples: 'environment' }),
  aKind('RUN', { takes: 'code', samples: 'none' })
];

/** One that an installed package adds. */
export const COUNT = aKind('COUNT', { samples: 'optional', label: 'CNT' });
