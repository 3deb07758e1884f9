import { describe, expect, it } from 'vitest';

import type { Json } from '../../wire';
import {
  readEvaluation,
  sortClasses,
  toPicture,
  worstConfusions
} from '../evaluation';

const CLASSIFICATION: { [key: string]: Json } = {
  accuracy: 0.75,
  top_k: { '1': 0.75, '3': 1 },
  confusion: [
    [2, 1],
    [0, 1]
  ],
  per_class: [
    { class: 'cat', precision: 1, recall: 2 / 3, f1: 0.8, support: 3 },
    { class: 'dog', precision: 0.5, recall: 1, f1: 2 / 3, support: 1 }
  ],
  classes: ['cat', 'dog'],
  loss: 0.5,
  criterion: 'NLL',
  samples: 4,
  examples: [
    {
      index: 7,
      input: [
        [
          [0, 1],
          [1, 0]
        ]
      ],
      truth: 0,
      prediction: 1,
      probability: 0.6
    }
  ]
};

describe('readEvaluation()', () => {
  it('should keep what there is to know of the scores', () => {
    const result = { loss: null, warnings: ['no finite number', 7] };
    const evaluation = readEvaluation({ type: 'EVALUATE', result });

    expect(evaluation?.warnings).toEqual(['no finite number']);
  });

  it('should read the scores of a classification', () => {
    const evaluation = readEvaluation({
      type: 'EVALUATE',
      result: CLASSIFICATION
    });

    expect(evaluation).toMatchObject({
      accuracy: 0.75,
      topK: [
        [1, 0.75],
        [3, 1]
      ],
      classes: ['cat', 'dog'],
      samples: 4
    });
    expect(evaluation?.perClass[1].name).toBe('dog');
    expect(evaluation?.examples[0]).toMatchObject({ truth: 0, prediction: 1 });
  });

  it('should read the errors of a regression, in their order', () => {
    const evaluation = readEvaluation({
      type: 'EVALUATE',
      result: { mae: 2, mse: 5, rmse: 2.2, r2: null, headline: null }
    });

    expect(evaluation?.accuracy).toBeNull();
    expect(evaluation?.errors).toEqual([
      ['r2', null],
      ['mae', 2],
      ['rmse', 2.2],
      ['mse', 5]
    ]);
  });

  it('should read the pairs of a regression that can be drawn', () => {
    const pairs = [[1, 1.5], [2, null], [3], 'x', [4, 3.5]];
    const evaluation = readEvaluation({
      type: 'EVALUATE',
      result: { r2: 0.5, pairs }
    });

    expect(evaluation?.pairs).toEqual([
      [1, 1.5],
      [4, 3.5]
    ]);
  });

  it('should read how well pixels are told apart', () => {
    const row = { class: 'marked', precision: 1, recall: 0.5, f1: 0.6 };
    const evaluation = readEvaluation({
      type: 'EVALUATE',
      result: {
        accuracy: 0.9,
        mean_iou: 0.7,
        per_class: [{ ...row, support: 640, iou: 0.5 }]
      }
    });

    expect(evaluation?.scores).toEqual([['mean_iou', 0.7]]);
    expect(evaluation?.perClass[0]).toMatchObject({ iou: 0.5, support: 640 });
  });

  it('should know no IoU of a class of pixels that does not occur', () => {
    const row = { class: 'sky', precision: 0, recall: 0, f1: 0, support: 0 };
    const evaluation = readEvaluation({
      type: 'EVALUATE',
      result: {
        accuracy: 1,
        mean_iou: null,
        per_class: [
          { ...row, iou: null },
          { ...row, class: 'sea', support: 9, iou: 1 }
        ]
      }
    });

    expect(evaluation?.perClass.map(({ iou }) => iou)).toEqual([null, 1]);
    expect(evaluation?.scores).toEqual([]);
  });

  it('should draw classes of pixels as bright in each mask', () => {
    const picture = toPicture(
      [
        [1, 1],
        [1, -100]
      ],
      [0, 2]
    );

    expect(
      [...(picture?.pixels ?? [])].filter((_, at) => at % 4 === 0)
    ).toEqual([128, 128, 128, 0]);
  });

  it('should find none in other jobs, in none, and in one that was stopped', () => {
    const read = [
      readEvaluation({ type: 'LEARN', result: CLASSIFICATION }),
      readEvaluation({ type: 'EVALUATE', result: null }),
      readEvaluation({ type: 'EVALUATE', result: { samples: 12 } })
    ];

    expect(read).toEqual([null, null, null]);
  });

  it('should take a result that is nonsense for what it is', () => {
    const result = {
      accuracy: 1,
      confusion: 'x',
      per_class: [3],
      examples: {},
      top_k: []
    };
    const evaluation = readEvaluation({ type: 'EVALUATE', result });

    expect(evaluation).toMatchObject({ confusion: [], examples: [], topK: [] });
  });
});

describe('sortClasses()', () => {
  const rows = readEvaluation({
    type: 'EVALUATE',
    result: CLASSIFICATION
  })?.perClass;

  it('should put the worst first', () => {
    const names = sortClasses(rows ?? [], 'f1', false).map(({ name }) => name);

    expect(names).toEqual(['dog', 'cat']);
  });

  it('should sort names as numbers where they are some', () => {
    const counts = { precision: 1, recall: 1, f1: 1, support: 1 };
    const row = { ...counts, specificity: null, mcc: null, iou: null };
    const named = ['10', '9', '1'].map(name => ({ name, ...row }));
    const names = sortClasses(named, 'name', false).map(({ name }) => name);

    expect(names).toEqual(['1', '9', '10']);
  });
});

describe('worstConfusions()', () => {
  it('should name who is taken for whom, most often first', () => {
    const confusion = [
      [5, 0, 3],
      [1, 9, 0],
      [0, 0, 2]
    ];

    expect(worstConfusions(confusion, 5)).toEqual([
      { truth: 0, predicted: 2, count: 3 },
      { truth: 1, predicted: 0, count: 1 }
    ]);
  });
});

describe('toPicture()', () => {
  it('should scale a grey picture from black to white', () => {
    const picture = toPicture([
      [
        [0, 4],
        [8, 16]
      ]
    ]);

    expect(picture).toMatchObject({ width: 2, height: 2 });
    const red = [0, 4, 8, 12].map(at => picture?.pixels[at]);
    expect(red).toEqual([0, 64, 128, 255]);
    expect(picture?.pixels[3]).toBe(255);
  });

  it('should keep the colours of three planes', () => {
    const plane = (value: number): number[][] => [
      [value, value],
      [value, value]
    ];
    const picture = toPicture([plane(0), plane(1), plane(2)]);

    expect([...(picture?.pixels.slice(0, 4) ?? [])]).toEqual([
      0, 128, 255, 255
    ]);
  });

  it('should know what is no picture', () => {
    const features = [1, 2, 3];
    const none = [features, [features], null, 4, [], [[[[1]]]]].map(input =>
      toPicture(input)
    );

    expect(none).toEqual([null, null, null, null, null, null]);
  });

  it('should show an even picture without dividing by zero', () => {
    const picture = toPicture([
      [3, 3],
      [3, 3]
    ]);

    expect(picture?.pixels[0]).toBe(0);
  });
});
