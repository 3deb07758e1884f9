import { describe, expect, it } from 'vitest';

import type { IJob } from '../../wire';
import { labelsOf } from '../labels';
import { anEndedJob } from './records';

function own(...names: string[]): string[] {
  const jobs = names.map((name, at) => anEndedJob({ id: `j${at}`, name }));
  const labels = labelsOf(jobs);
  return jobs.map(({ id, name }) => {
    const { before, own, after } = labels.get(id)!;
    expect(before + own + after).toBe(name);
    return own;
  });
}

function alike(...given: IJob['given'][]): (string | undefined)[] {
  const jobs = given.map((item, at) =>
    anEndedJob({
      id: `j${at}`,
      name: 'mlp-digits',
      given: item,
      options: { learning_rate: 0.01, batch_size: 32, ...item }
    })
  );
  const labels = labelsOf(jobs);
  return jobs.map(({ id }) => labels.get(id)?.own);
}

describe('what a row shows of a name', () => {
  it('is what differs among names with a common beginning, with the word before a number', () => {
    expect(
      own('sweep digits lr 0.1', 'sweep digits lr 0.03', 'sweep digits lr 0.01')
    ).toEqual(['lr 0.1', 'lr 0.03', 'lr 0.01']);
    expect(own('sweep lr=0.1', 'sweep lr=0.3', 'sweep batch=8')).toEqual([
      'lr=0.1',
      'lr=0.3',
      'batch=8'
    ]);
  });

  it('leaves out a common end', () => {
    expect(own('mlp-on-digits-lab', 'mlp-on-iris-lab')).toEqual([
      'digits',
      'iris'
    ]);
  });

  it('is the whole of a short name, and the end of a long one that is like no other', () => {
    expect(own('lenet-1', 'lenet-2')).toEqual(['lenet-1', 'lenet-2']);
    expect(own('alone', 'other')).toEqual(['alone', 'other']);
    expect(own('iris with a wide hidden layer')).toEqual([' layer']);
  });

  it('is something for a name that is the beginning of another', () => {
    for (const shown of own('digits run', 'digits run again', 'digits')) {
      expect(shown.trim()).not.toBe('');
    }
  });

  it('are the options in which jobs of one name differ, also from a default', () => {
    expect(alike({ learning_rate: 0.1 }, {}, { learning_rate: 0.03 })).toEqual([
      'lr 0.1',
      'lr 0.01',
      'lr 0.03'
    ]);
    expect(
      alike(
        { learning_rate: 0.1, batch_size: 8 },
        { learning_rate: 0.2, batch_size: 8 },
        { learning_rate: 0.3, batch_size: 16 }
      )
    ).toEqual(['lr 0.1 batch 8', 'lr 0.2 batch 8', 'lr 0.3 batch 16']);
  });

  it('are not the tags of jobs that are else alike', () => {
    expect(alike({ tag: 'a' }, { tag: 'b' })).toEqual([
      'mlp-digits',
      'mlp-digits'
    ]);
  });

  it('is the network or the dataset where these differ', () => {
    const one = anEndedJob({ id: 'a', name: 'run', networks: ['mlp'] });
    const other = anEndedJob({ id: 'b', name: 'run', networks: ['lenet'] });

    expect(labelsOf([one, other]).get('b')?.own).toBe('lenet');
  });

  it('is told of thousands of jobs at once', () => {
    const jobs = Array.from({ length: 5000 }, (_, at) =>
      anEndedJob({ id: `${at}`, name: `sweep ${at}`, given: { seed: at } })
    );
    const start = performance.now();

    expect(labelsOf(jobs).size).toBe(5000);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
