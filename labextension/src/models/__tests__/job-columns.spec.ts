import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import {
  bestOf,
  columnsOf,
  groupJobs,
  nameColumn,
  sortJobs
} from '../job-columns';
import { aJob, anEndedJob } from './records';

const trans = nullTranslator.load('');
const accuracy = (value: number | null) => ({
  name: 'validation accuracy',
  value,
  on: null
});

describe('columnsOf()', () => {
  it('has a column for each option that somebody chose, and for each score', () => {
    const jobs = [
      anEndedJob({
        given: { learning_rate: 0.1 },
        options: { learning_rate: 0.1, batch_size: 32 },
        headline: accuracy(0.9)
      }),
      aJob({ id: 'j2', given: { fixed: ['a', 'b'] } })
    ];

    const columns = columnsOf(jobs, trans);

    expect(columns.map(({ id }) => id)).toEqual([
      'state',
      'type',
      'network',
      'dataset',
      'score:validation accuracy',
      'option:fixed',
      'option:learning_rate',
      'submitted',
      'took',
      'note'
    ]);
    const texts = (id: string): string[] =>
      jobs.map(job => columns.find(item => item.id === id)?.text(job) ?? '?');
    expect(texts('option:learning_rate')).toEqual(['0.1', '']);
    expect(texts('option:fixed')).toEqual(['', 'a,b']);
    expect(texts('score:validation accuracy')).toEqual(['0.900', '']);
  });
});

describe('sortJobs()', () => {
  it('sorts numbers as numbers, and leaves what has no value behind', () => {
    const jobs = [
      anEndedJob({
        id: 'a',
        given: { batch_size: 8 },
        options: { batch_size: 8 }
      }),
      anEndedJob({ id: 'b' }),
      anEndedJob({
        id: 'c',
        given: { batch_size: 64 },
        options: { batch_size: 64 }
      }),
      anEndedJob({
        id: 'd',
        given: { batch_size: 16 },
        options: { batch_size: 16 }
      })
    ];
    const columns = columnsOf(jobs, trans);
    const sorted = (isDescending: boolean): string =>
      sortJobs(jobs, columns, { column: 'option:batch_size', isDescending })
        .map(({ id }) => id)
        .join('');

    expect(sorted(false)).toBe('adcb');
    expect(sorted(true)).toBe('cdab');
  });

  it('sorts names with the numbers in them in order', () => {
    const jobs = ['run 10', 'run 9'].map(name => aJob({ name }));
    const columns = [nameColumn(trans)];

    const sorted = sortJobs(jobs, columns, {
      column: 'name',
      isDescending: false
    });

    expect(sorted.map(({ name }) => name)).toEqual(['run 9', 'run 10']);
  });
});

describe('groupJobs()', () => {
  it('puts the jobs of a sweep together, with the best score of each group', () => {
    const jobs = [
      anEndedJob({ id: 'a', sweep: 's1', headline: accuracy(0.8) }),
      anEndedJob({ id: 'b', sweep: null }),
      anEndedJob({ id: 'c', sweep: 's1', headline: accuracy(0.9) })
    ];

    const groups = groupJobs(jobs, columnsOf(jobs, trans), 'sweep');

    expect(
      groups.map(({ label, jobs: [...members] }) => [label, members.length])
    ).toEqual([
      ['s1', 2],
      ['–', 1]
    ]);
    expect(bestOf(groups[0].jobs)).toBe('val acc 0.900');
  });

  it('takes the lowest loss as the best', () => {
    const losses = [0.4, 0.2, null].map(value =>
      anEndedJob({ headline: { name: 'loss', value, on: null } })
    );

    expect(bestOf(losses)).toBe('loss 0.200');
  });
});
