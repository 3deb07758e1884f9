import { describe, expect, it } from 'vitest';

import { controlOf, emptyEntries, entriesOf, submissionOf } from '../entries';
import { aJob } from './records';

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

    expect(submissionOf(entriesOf(job, true))).toEqual({
      type: 'LEARN',
      networks: ['lenet-digits'],
      dataset: 'digits',
      name: 'my run',
      options: given,
      request: { cpus: 3, memory: 4_000_000_001, gpus: 2 },
      priority: -5
    });
  });

  it('should leave to the platform what was left to it', () => {
    const job = aJob({ name: 'lenet-digits-digits', tag: 'j1' });
    const { options, ...rest } = submissionOf(entriesOf(job, false));

    expect(options).toEqual({});
    expect(rest).toEqual({
      type: 'LEARN',
      networks: ['lenet-digits'],
      dataset: 'digits'
    });
  });

  it('should keep all networks of a job that has several', () => {
    const job = aJob({ networks: ['one', 'two'] });

    expect(submissionOf(entriesOf(job, false)).networks).toEqual([
      'one',
      'two'
    ]);
  });

  it('should ask for no GPU again where the cluster has some', () => {
    expect(entriesOf(aJob(), true).gpus).toBe('0');
    expect(entriesOf(aJob({ type: 'EVALUATE' }), true).gpus).toBe('');
  });
});

describe('submissionOf()', () => {
  it('should send what is no number as it is, for the platform to refuse', () => {
    const { request, priority } = submissionOf({
      ...emptyEntries(),
      cpus: 'two',
      priority: 'high'
    });

    expect(request).toEqual({ cpus: 'two' });
    expect(priority).toBe('high');
  });
});

describe('controlOf()', () => {
  const known = ['learning_rate', 'batch_size', 'tag'];
  const cases: [string, string][] = [
    ['networks', 'network'],
    ['network', 'network'],
    ['request.memory', 'memory'],
    ['priority', 'priority'],
    ['batch_size', 'option.batch_size'],
    ['options.batch_size', 'option.batch_size'],
    ['learningRate', 'option.learning_rate'],
    ['learning_rte', 'text'],
    ['', 'text']
  ];

  it.each(cases)('should bring an error of “%s” to “%s”', (field, control) => {
    expect(controlOf({ field }, known)).toBe(control);
  });
});
