import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { PlatformError } from '../../request';
import type { Json } from '../../wire';
import { emptyEntries } from '../entries';
import type { IEntries } from '../entries';
import {
  blameOfSweep,
  dimensionOf,
  firstOf,
  sweepOf,
  wrongDimensions
} from '../sweep-entries';

const trans = nullTranslator.load('');

function entries(
  options: { [name: string]: Json },
  rest: Partial<IEntries> = {}
): IEntries {
  return {
    ...emptyEntries(),
    options: new Map(Object.entries(options)),
    ...rest
  };
}

describe('dimensionOf()', () => {
  it.each<[Json, unknown]>([
    ['[0.1, 0.01]', ['0.1', '0.01']],
    [" ['SGD', ADAM] ", ['SGD', 'ADAM']],
    ['[]', []],
    ['[1e-4..1e-1]', { low: 1e-4, high: 0.1, log: false }],
    ['[1e-4 .. 1e-1, log]', { low: 1e-4, high: 0.1, log: true }],
    ['0.1', null],
    ['0,1437', null],
    [0.1, null],
    [[0, 1437], null]
  ])('reads %s as lines do', (value, expected) => {
    expect(dimensionOf(value)).toEqual(expected);
  });
});

describe('sweepOf()', () => {
  const lists = { learning_rate: '[0.1, 0.01]', batch_size: '[8,16,32]' };

  it('is null while every option has one value', () => {
    expect(sweepOf(entries({ learning_rate: '0.1' }))).toBeNull();
  });

  it('makes a job of each combination', () => {
    expect(sweepOf(entries({ ...lists, seed: 3 }))).toEqual({
      dimensions: {
        learning_rate: ['0.1', '0.01'],
        batch_size: ['8', '16', '32']
      },
      shared: { seed: 3 },
      method: 'grid',
      jobs: 6
    });
    expect(sweepOf(entries({ a: '[1, 1, 2]' }))?.jobs).toBe(2);
  });

  it('draws from a range, 20 times unless it is said how often', () => {
    const range = { learning_rate: '[1e-4..1e-1,log]' };
    expect(sweepOf(entries(range))).toMatchObject({
      method: 'random',
      jobs: 20
    });
    const some = sweepOf(
      entries(range, { search: 'hyperband', trials: ' 7 ' })
    );
    expect(some).toMatchObject({ method: 'hyperband', trials: 7, jobs: 7 });
    const many = sweepOf(entries(range, { trials: 'many' }));
    expect(many).toMatchObject({ trials: 'many', jobs: null });
  });

  it('leaves a grid of a range to the platform to refuse', () => {
    const grid = entries({ a: '[0..1]' }, { search: 'grid', trials: '7' });
    expect(sweepOf(grid)).toMatchObject({ method: 'grid', jobs: null });
    expect(sweepOf(grid)).not.toHaveProperty('trials');
  });
});

describe('firstOf()', () => {
  it('takes the first of the values, and where a range begins', () => {
    const options = new Map(
      Object.entries({ a: '[3, 4]', b: '[0.5..1]', c: 'x' })
    );
    expect(firstOf(options)).toEqual({ a: '3', b: 0.5, c: 'x' });
  });
});

describe('wrongDimensions()', () => {
  it.each([
    ['[]', 'Name at least one value.'],
    ['[a..b]', 'A range lies between two numbers.'],
    ['[2..1]', 'The range begins at 2, which is not below 1.'],
    ['[0..1,log]', 'A logarithmic range begins above 0, not at 0.']
  ])('says of %s what is wrong', (value, message) => {
    const options = new Map([['learning_rate', value]]);
    expect(wrongDimensions(options, trans)).toMatchObject([
      { field: 'learning_rate', value, message }
    ]);
  });

  it('has nothing against others', () => {
    const good = new Map([
      ['a', '[1, 2]'],
      ['b', '[0.1..1,log]'],
      ['c', '1']
    ]);
    expect(wrongDimensions(good, trans)).toEqual([]);
  });
});

describe('blameOfSweep()', () => {
  it('tells the way of searching from the option method', () => {
    const about = (value: string): PlatformError =>
      new PlatformError('No.', 'invalid_options', 422, [
        {
          field: 'method',
          value,
          message: 'No.',
          accepted: null,
          nearest: null
        }
      ]);
    expect(blameOfSweep(about('hyperband'))[0][0].field).toBe('search');
    expect(blameOfSweep(about('SGDD'))[0][0].field).toBe('method');
  });
});
