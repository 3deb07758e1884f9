import { describe, expect, it } from 'vitest';

import type { IJob, Json } from '../../wire';
import {
  readEvaluation,
  sortClasses,
  toPicture,
  worstConfusions
} from '../evaluation';

const ACCURACY = { name: 'accuracy', label: 'accuracy', value: 0.75 };

function read(
  result: IJob['result'],
  scores: IJob['scores'] = [ACCURACY],
  type: IJob['type'] = 'EVALUATE'
) {
  return readEvaluation({ type, result, scores });
}

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
    const evaluation = read({ warnings: ['no finite number', 7] }, []);

    expect(evaluation?.warnings).toEqual(['no finite number']);
  });

  it('should read the classes and examples of a classification', () => {
    const evaluation = read(CLASSIFICATION);

    expect(evaluation).toMatchObject({ classes: ['cat', 'dog'], samples: 4 });
    expect(evaluation?.perClass[1].name).toBe('dog');
    expect(evaluation?.examples[0]).toMatchObject({ truth: 0, prediction: 1 });
  });

  it('should keep every score, also one that is new', () => {
    const scores = [
      ACCURACY,
      { name: 'brier', label: 'Brier score', value: null }
    ];

    expect(read({}, scores)?.scores).toEqual(scores);
  });

  it('should read the pairs of a regression that can be drawn', () => {
    const pairs = [[1, 1.5], [2, null], [3], 'x', [4, 3.5]];

    expect(read({ pairs })?.pairs).toEqual([
      [1, 1.5],
      [4, 3.5]
    ]);
  });

  it('should know no IoU of a class of pixels that does not occur', () => {
    const row = { class: 'sky', precision: 0, recall: 0, f1: 0, support: 0 };
    const evaluation = read({
      per_class: [
        { ...row, iou: null },
        { ...row, class: 'sea', support: 9, iou: 1 }
      ]
    });

    expect(evaluation?.perClass).toMatchObject([
      { iou: null },
      { iou: 1, support: 9 }
    ]);
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
    const found = [
      read(CLASSIFICATION, [ACCURACY], 'LEARN'),
      read(null),
      read({ samples: 12 }, [])
    ];

    expect(found).toEqual([null, null, null]);
  });

  it('should take a result that is nonsense for what it is', () => {
    const result = {
      confusion: 'x',
      per_class: [3],
      examples: {}
    };

    expect(read(result)).toMatchObject({ confusion: [], examples: [] });
  });
});

describe('sortClasses()', () => {
  const rows = read(CLASSIFICATION)?.perClass;

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
