import { describe, expect, it } from 'vitest';

import type { IJobSubmission, Json } from '../../wire';
import {
  magicLine,
  terminalLine,
  toLines,
  valueText,
  withKnownValues
} from '../option-text';
import lines from './lines.json';

describe('withKnownValues()', () => {
  it('should keep the type of values that were not touched', () => {
    const known = new Map<string, Json>([
      ['train_set', [0, 100]],
      ['clean', true],
      ['seed', 7]
    ]);
    const read = { train_set: '0,100', clean: 'true', seed: '8' };

    expect([...withKnownValues(read, known).values()]).toEqual([
      [0, 100],
      true,
      '8'
    ]);
  });
});

describe('toLines()', () => {
  it('should quote as a shell does', () => {
    const options = new Map<string, Json>([
      ['a', 'two words'],
      ['b', "it's"],
      ['c', [1, 2, 3]],
      ['d', ''],
      ['e', { depth: 3 }]
    ]);

    expect(toLines(options)).toBe(
      `a='two words'\nb='it'\\''s'\nc=1,2,3\nd=\ne='{"depth":3}'`
    );
  });
});

describe('valueText()', () => {
  it('should write values as people do', () => {
    const values = [null, true, 0.5, [0, 5], 'x'];

    expect(values.map(valueText)).toEqual(['', 'true', '0.5', '0,5', 'x']);
  });
});

describe('magicLine() and terminalLine()', () => {
  // The command line reads the same file: each line submits what it was made of.
  it.each(lines)(
    'should say everything that was given, and nothing that was not: $words',
    ({ submission, words }) => {
      expect(magicLine(submission as IJobSubmission)).toBe(`%submit ${words}`);
      expect(terminalLine(submission as IJobSubmission)).toBe(
        `jupyter platform submit ${words}`
      );
    }
  );
});
