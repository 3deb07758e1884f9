import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import {
  comparedOptions,
  comparedResults,
  distinctNames,
  seriesOver
} from '../comparison';
import { aJob, anEndedJob, somePoints } from './records';

const trans = nullTranslator.load('');

describe('comparedOptions()', () => {
  it('has what differs before what does not', () => {
    const rows = comparedOptions(
      [
        aJob({ options: { seed: 0, learning_rate: 0.1 } }),
        aJob({ options: { seed: 0, learning_rate: 0.01, tag: 'a' } })
      ],
      trans
    );

    expect(rows.filter(({ differs }) => differs)).toEqual([
      { name: 'learning_rate', cells: ['0.1', '0.01'], differs: true },
      { name: 'tag', cells: [null, 'a'], differs: true }
    ]);
    expect(rows.at(-1)).toEqual({
      name: 'seed',
      cells: ['0', '0'],
      differs: false
    });
  });
});

describe('comparedResults()', () => {
  it('has scores, times, and the plain numbers of results', () => {
    const job = (value: number, seconds: number) =>
      anEndedJob({
        headline: { name: 'accuracy', value, on: null },
        started_at: '2026-11-22T05:00:00Z',
        finished_at: `2026-11-22T05:00:${seconds}Z`,
        result: { loss: value / 2, confusion: [[1]] }
      });

    const rows = comparedResults([job(0.5, 10), job(0.75, 20)], trans);

    expect(rows.map(({ name, cells }) => [name, ...cells])).toEqual([
      ['accuracy', '0.500', '0.750'],
      ['time', '10 s', '20 s'],
      ['loss', '0.250', '0.375'],
      ['state', 'finished', 'finished']
    ]);
  });
});

describe('distinctNames()', () => {
  it('leaves out the words that all names begin with', () => {
    const names = ['mlp lr=0.1 b=8', 'mlp lr=0.1 b=16'];

    expect(distinctNames(names.map(name => aJob({ name })))).toEqual([
      'b=8',
      'b=16'
    ]);
  });

  it('has none of no jobs, as a table has before it was read', () => {
    expect(distinctNames([])).toEqual([]);
  });

  it('tells jobs of one name by their ids', () => {
    const jobs = ['aaaa1', 'bbbb2'].map(id => aJob({ id, name: 'same' }));

    expect(distinctNames(jobs)).toEqual(['same (aaaa)', 'same (bbbb)']);
  });
});

describe('seriesOver()', () => {
  it('counts time from the first point of each job', () => {
    const metrics = [100, 5000].map(start => ({
      series: { loss: { ...somePoints([2, 1]), time: [start, start + 1.5] } }
    }));

    const found = seriesOver(
      'loss',
      [...metrics, null],
      ['a', 'b', 'c'],
      'time'
    );

    expect(found.map(([label, { step }]) => [label, step])).toEqual([
      ['a', [0, 1.5]],
      ['b', [0, 1.5]]
    ]);
  });
});
