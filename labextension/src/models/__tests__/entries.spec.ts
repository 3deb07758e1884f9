import { describe, expect, it } from 'vitest';

import {
  controlOf,
  emptyEntries,
  entriesOf,
  submissionOf,
  unpackEntries
} from '../entries';
import { aJob } from './records';

const USUAL = { cpus: 1, memory: 1_000_000_000, gpus: 0 };
const LEARN = { ...USUAL, gpus: 1 };

describe('entriesOf()', () => {
  it('should lose nothing that was given for a job', () => {
    const given = {
      method: 'ADAM',
      train_set: [0, 100],
      clean: false,
      tag: 'mine'
    };
    const job = aJob({
      name: 'my run',
      given,
      request: { cpus: 3, memory: 4_000_000_001, gpus: 2 },
      priority: -5
    });

    expect(submissionOf(entriesOf(job, LEARN))).toEqual({
      type: 'LEARN',
      networks: ['lenet-digits'],
      dataset: 'digits',
      name: 'my run',
      options: given,
      request: { cpus: 3, memory: 4_000_000_001, gpus: 2 },
      priority: -5
    });
  });

  it('should keep which hosts a job may use', () => {
    const placement = {
      target_count: 3,
      targets: ['h1', 'h2', 'h3', 'h4'],
      target_filter: '(cpus>=2)',
      force_free: true
    };

    expect(submissionOf(entriesOf(aJob(placement), USUAL))).toMatchObject(
      placement
    );
    expect(
      entriesOf(aJob({ target_count: 2, targets: ['h1', 'h2'] }), USUAL)
    ).toMatchObject({ target_count: '', targets: 'h1, h2', force_free: '' });
  });

  it('should leave to the platform what was left to it', () => {
    const job = aJob({ name: 'lenet-digits-digits', tag: 'j1' });
    const { options, ...rest } = submissionOf(entriesOf(job, USUAL));

    expect(options).toEqual({});
    expect(rest).toEqual({
      type: 'LEARN',
      networks: ['lenet-digits'],
      dataset: 'digits'
    });
  });

  it('should keep all networks of a job that has several', () => {
    const job = aJob({ networks: ['one', 'two'] });

    expect(submissionOf(entriesOf(job, USUAL)).networks).toEqual([
      'one',
      'two'
    ]);
  });

  it('should ask for no GPU again where the cluster has some', () => {
    expect(entriesOf(aJob(), LEARN).gpus).toBe('0');
    expect(entriesOf(aJob({ type: 'EVALUATE' }), USUAL).gpus).toBe('');
  });
});

describe('submissionOf()', () => {
  it('should send what is no number as it is, for the platform to refuse', () => {
    const { request, priority, target_count } = submissionOf({
      ...emptyEntries(),
      cpus: 'two',
      priority: 'high',
      target_count: 'many'
    });

    expect(target_count).toBe('many');
    expect(request).toEqual({ cpus: 'two' });
    expect(priority).toBe('high');
  });
});

describe('unpackEntries()', () => {
  it('should leave out what is not as it should be', () => {
    const packed = {
      type: 'EVALUATE',
      name: 7,
      networks: ['lenet', 3],
      options: [['seed', 1], ['batch_size'], 'tag', [2, 3]],
      unknown: 'x'
    };

    expect(unpackEntries(packed)).toEqual({
      ...emptyEntries(),
      type: 'EVALUATE',
      networks: ['lenet'],
      options: new Map([['seed', 1]])
    });
    expect(unpackEntries({})).toEqual(emptyEntries());
  });
});

describe('controlOf()', () => {
  const known: [string, { dianne?: string[] }][] = [
    ['learning_rate', { dianne: ['learningRate'] }],
    ['checkpoint_interval', { dianne: ['storeInterval'] }],
    ['tag', {}]
  ];
  const cases: [string, string][] = [
    ['networks', 'network.0'],
    ['networks.1', 'network.1'],
    ['request.memory', 'memory'],
    ['priority', 'priority'],
    ['targets', 'targets'],
    ['target_count', 'target_count'],
    ['tag', 'option.tag'],
    ['options.tag', 'option.tag'],
    ['learningRate', 'option.learning_rate'],
    ['storeInterval', 'option.checkpoint_interval'],
    ['learning_rte', 'text'],
    ['', 'text']
  ];

  it.each(cases)('should bring an error of “%s” to “%s”', (field, control) => {
    expect(controlOf({ field, value: null }, known, ['a'])).toBe(control);
  });

  it('should bring an error of a network to where it was named', () => {
    const error = { field: 'network', value: 'b' };

    expect(controlOf(error, known, ['a', ' b'])).toBe('network.1');
    expect(controlOf(error, known, ['a'])).toBe('network.0');
  });
});
