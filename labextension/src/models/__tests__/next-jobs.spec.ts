import { describe, expect, it } from 'vitest';

import type { Next } from '../../tokens';
import type { IJob } from '../../wire';
import { submissionOf } from '../entries';
import { canBeTried, freeName, hasWeights, nextEntries } from '../next-jobs';
import { aSchema, anOption } from './catalogue';
import { aJob, aProgress, anEndedJob } from './records';

const EVALUATE = aSchema({
  tag: anOption(),
  batch_size: anOption(),
  standardize: anOption(),
  environment: anOption(),
  strategy: anOption({ enum: ['vae', 'reward'] })
});

function submission(next: Next, fields: Partial<IJob>, ...names: string[]) {
  const job = anEndedJob({ name: 'lenet-digits', ...fields });
  const context = {
    usual: () => ({ cpus: 1, memory: 1_000_000_000, gpus: 0 }),
    names: new Set([job.name, ...names]),
    evaluate: EVALUATE
  };
  return submissionOf(nextEntries(next, job, context));
}

describe('the next job', () => {
  it('is the same again under a name and a tag of its own', () => {
    const given = { tag: 'mine', learning_rate: 0.1, init_tag: 'other/best' };

    const made = submission('again', { given }, 'lenet-digits 2');

    expect(made.name).toBe('lenet-digits 3');
    expect(made.options).toEqual({
      learning_rate: 0.1,
      init_tag: 'other/best'
    });
  });

  it('evaluates the weights of the job itself, prepared as they learned', () => {
    const given = {
      tag: 'mine',
      batch_size: 8,
      learning_rate: 0.1,
      standardize: true,
      strategy: 'feed-forward'
    };

    const made = submission('evaluate', { id: 'abc123', given, tag: 'mine' });

    expect(made).toEqual({
      type: 'EVALUATE',
      name: 'lenet-digits evaluated',
      networks: ['lenet-digits'],
      dataset: 'digits',
      options: { tag: 'abc123', standardize: true }
    });
  });

  it('evaluates an agent by its first network in its environment', () => {
    const made = submission('evaluate', {
      category: 'RL',
      networks: ['actor', 'critic'],
      dataset: 'pool',
      given: { environment: 'CartPole-v1' }
    });

    expect(made.networks).toEqual(['actor']);
    expect(made.dataset).toBeNull();
    expect(made.options?.environment).toBe('CartPole-v1');
  });

  it('goes on from the last weights of the job, not from what its tag points at', () => {
    const given = { tag: 'mine', clean: true, learning_rate: 0.1 };

    const made = submission('continue', { id: 'abc123', given });

    expect(made.type).toBe('LEARN');
    expect(made.name).toBe('lenet-digits continued');
    expect(made.options).toEqual({
      learning_rate: 0.1,
      init_tag: 'abc123/last'
    });
  });
});

describe('freeName()', () => {
  it('counts on', () => {
    expect(freeName('run', new Set())).toBe('run');
    expect(freeName('run', new Set(['run']))).toBe('run 2');
    expect(freeName('run 9', new Set(['run 9', 'run 10']))).toBe('run 11');
    expect(freeName('7', new Set(['7']))).toBe('7 2');
  });
});

describe('weights', () => {
  it('are there when a job has learned something and ended', () => {
    expect(hasWeights(anEndedJob())).toBe(true);
    const stopped = anEndedJob({ state: 'stopped', progress: aProgress() });
    expect(hasWeights(stopped)).toBe(true);
    expect(hasWeights({ ...stopped, progress: null })).toBe(false);
    expect(hasWeights(anEndedJob({ state: 'cancelled' }))).toBe(false);
    expect(hasWeights(anEndedJob({ type: 'EVALUATE' }))).toBe(false);
    expect(hasWeights(aJob({ progress: aProgress() }))).toBe(false);
  });

  it('can be tried where one network answers to samples', () => {
    expect(canBeTried(anEndedJob())).toBe(true);
    expect(canBeTried(anEndedJob({ category: 'RL' }))).toBe(false);
    expect(canBeTried(anEndedJob({ networks: ['a', 'b'] }))).toBe(false);
  });
});
