import { describe, expect, it } from 'vitest';

import type { Json } from '../../wire';
import {
  magicLine,
  parseLines,
  terminalLine,
  toLines,
  valueText
} from '../option-text';

describe('parseLines()', () => {
  it('should read words from lines or from one line, with quotes around spaces', () => {
    const { options, bad } = parseLines(
      'learningRate=0.01 batchSize=64\n name="my job"\ttrainSet=0,1437\ntag='
    );

    expect(bad).toEqual([]);
    expect([...options]).toEqual([
      ['learningRate', '0.01'],
      ['batchSize', '64'],
      ['name', 'my job'],
      ['trainSet', '0,1437'],
      ['tag', '']
    ]);
  });

  it('should name the words that are no options', () => {
    const { options, bad } = parseLines('seed=1 what a="open\nseed=2');

    expect(bad).toEqual([
      { word: 'what', twice: null },
      { word: 'a="open', twice: null },
      { word: 'seed=2', twice: 'seed' }
    ]);
    expect(options.get('seed')).toBe('2');
  });

  it('should keep the type of values that were not touched', () => {
    const known = new Map<string, Json>([
      ['train_set', [0, 100]],
      ['clean', true],
      ['seed', 7]
    ]);
    const { options } = parseLines('train_set=0,100 clean=true seed=8', known);

    expect([...options.values()]).toEqual([[0, 100], true, '8']);
  });

  it('should read back what toLines() writes', () => {
    const options = new Map<string, Json>([
      ['a', 'two words'],
      ['b', 'say "hi" to'],
      ['c', [1, 2, 3]],
      ['d', 1e-7],
      ['e', false]
    ]);

    expect(parseLines(toLines(options), options)).toEqual({ options, bad: [] });
  });
});

describe('valueText()', () => {
  it('should write values as people do', () => {
    const values = [null, true, 0.5, [0, 5], 'x'];

    expect(values.map(valueText)).toEqual(['', 'true', '0.5', '0,5', 'x']);
  });
});

describe('magicLine() and terminalLine()', () => {
  const submission = {
    type: 'LEARN' as const,
    networks: ['lenet-digits'],
    dataset: 'digits',
    name: "it's <b>mine</b>",
    options: { method: 'ADAM', train_set: [0, 100] },
    request: { cpus: 2, memory: '4GB' },
    priority: 0
  };

  it('should say everything that was given, and nothing that was not', () => {
    expect(magicLine(submission)).toBe(
      `%submit LEARN lenet-digits digits method=ADAM train_set=0,100 --name 'it'\\''s <b>mine</b>' --cpus 2 --memory 4GB`
    );
    expect(terminalLine({ type: 'EVALUATE', networks: ['mlp'] })).toBe(
      'jupyter platform submit EVALUATE mlp'
    );
  });
});
