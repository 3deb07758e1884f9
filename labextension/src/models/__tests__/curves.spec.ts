import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import {
  extentOf,
  groupSeries,
  isHigherBetter,
  kindOf,
  scaleLimit,
  seriesLabel,
  smooth,
  summarise,
  tabulate
} from '../curves';
import { somePoints } from './records';

describe('groupSeries()', () => {
  it('should put losses first, scores apart, and anything else by what it measures', () => {
    const groups = groupSeries([
      'validation_accuracy',
      'validation_loss',
      'gradient_norm',
      'loss',
      'validation_gradient_norm'
    ]);

    expect(groups).toEqual([
      { kind: 'loss', names: ['loss', 'validation_loss'] },
      { kind: 'score', names: ['validation_accuracy'] },
      {
        kind: 'gradient_norm',
        names: ['gradient_norm', 'validation_gradient_norm']
      }
    ]);
  });

  it('should draw the ranks of a gang together', () => {
    expect(
      groupSeries(['loss', 'loss@10', 'loss@2', 'validation_loss', 'f1@1'])
    ).toEqual([
      { kind: 'loss', names: ['loss', 'loss@2', 'loss@10', 'validation_loss'] },
      { kind: 'score', names: ['f1@1'] }
    ]);
    const trans = nullTranslator.load('');
    expect(seriesLabel('training_loss@2', 2, trans)).toBe(
      'training loss (rank 2)'
    );
    expect(seriesLabel('recall@5', 0, trans)).toBe('recall@5');
  });

  it('should not take a word in the middle of a name for a measure', () => {
    expect(kindOf('glossary')).toBe('glossary');
    expect(kindOf('top_5')).toBe('score');
  });

  it('should show what episodes bring before all but losses and scores', () => {
    const names = ['q', 'length', 'validation_return', 'return', 'loss'];
    expect(groupSeries(names).map(({ kind }) => kind)).toEqual([
      'loss',
      'return',
      'length',
      'q'
    ]);
    expect(isHigherBetter('validation_return')).toBe(true);
    expect(isHigherBetter('validation_loss')).toBe(false);
  });
});

describe('smooth()', () => {
  it('should leave the first value as it is and follow a constant at once', () => {
    expect(smooth([4, 4, 4], 0.9)).toEqual([
      4,
      expect.closeTo(4, 12),
      expect.closeTo(4, 12)
    ]);
  });

  it('should equal the debiased average computed by hand', () => {
    const [, second] = smooth([1, 3], 0.5);

    expect(second).toBeCloseTo((0.5 * 0.5 * 1 + 0.5 * 3) / 0.75, 12);
  });

  it('should keep gaps and not weigh them', () => {
    const [first, gap, absent, last] = smooth([1, null, undefined, 1], 0.5);

    expect([first, gap, absent]).toEqual([1, null, undefined]);
    expect(last).toBeCloseTo(1, 12);
  });
});

describe('tabulate()', () => {
  const style = { smoothing: 0, isLog: false };

  it('should bring series of different density onto common steps', () => {
    const { steps, curves } = tabulate(
      [
        ['loss', somePoints([3, 2, 1, 0.5])],
        ['validation_loss', somePoints([9, 8], { step: [0, 2] })]
      ],
      style
    );

    expect(steps).toEqual([0, 1, 2, 3]);
    expect(curves[1].mean).toEqual([9, undefined, 8, undefined]);
  });

  it('should show what is no number as a gap with a mark', () => {
    const points = somePoints([1, null, 3], { nonfinite: 1 });
    const [curve] = tabulate([['loss', points]], style).curves;

    expect(curve.mean).toEqual([1, null, 3]);
    expect(curve.marks).toEqual([1]);
  });

  it('should not let one value of 1e300 flatten all others', () => {
    const [curve] = tabulate(
      [['loss', somePoints([1, 2, 1e300])]],
      style
    ).curves;

    expect(curve.mean).toEqual([1, 2, null]);
    expect(curve.high).toEqual([1, 2, null]);
    expect(curve.marks).toEqual([2]);
  });

  it('should keep a bucket whose mean fits and whose extreme does not', () => {
    const points = somePoints([1, 2], { max: [1, 1e200] });
    const [curve] = tabulate([['loss', points]], style).curves;

    expect(curve.mean).toEqual([1, 2]);
    expect(curve.high).toEqual([1, 2]);
  });

  it('should leave out what has no logarithm', () => {
    const [curve] = tabulate([['loss', somePoints([1, 0, -2, 3])]], {
      ...style,
      isLog: true
    }).curves;

    expect(curve.mean).toEqual([1, null, null, 3]);
  });

  it('should smooth only series that are long enough to need it', () => {
    const long = Array.from({ length: 200 }, (_, at) => at % 2);
    const { curves } = tabulate(
      [
        ['loss', somePoints(long)],
        ['validation_loss', somePoints([1, 2])]
      ],
      { ...style, smoothing: 0.9 }
    );

    expect(curves.map(({ isSmoothed }) => isSmoothed)).toEqual([true, false]);
    expect(curves[1].smooth.slice(0, 2)).toEqual([1, 2]);
    expect(Number(curves[0].smooth[199])).toBeCloseTo(0.5, 1);
  });

  it('should know nothing of nothing', () => {
    expect(tabulate([], style)).toEqual({ steps: [], curves: [] });
    expect(extentOf({ series: {} })).toEqual({ start: 0, stop: 1 });
  });
});

describe('summarise()', () => {
  it('should take the lowest loss and the highest accuracy for the best', () => {
    const points = somePoints([0.5, 0.2, 0.4], { step: [0, 10, 20] });

    expect(summarise('loss', points)).toMatchObject({
      last: 0.4,
      best: 0.2,
      bestStep: 10
    });
    expect(summarise('validation_accuracy', points)).toMatchObject({
      best: 0.5,
      bestStep: 0
    });
  });

  it('should say where a series goes, with the numbers that say so', () => {
    const falling = Array.from({ length: 50 }, (_, at) => 50 - at);
    const trend = (values: number[]): unknown =>
      summarise('loss', somePoints(values)).trend;

    expect(trend(falling)).toEqual({ word: 'falling', from: 15.5, to: 5.5 });
    expect(trend(falling.reverse())).toMatchObject({ word: 'rising' });
    expect(trend(new Array<number>(50).fill(1))).toMatchObject({
      word: 'level'
    });
    expect(trend([1])).toBeNull();
  });

  it('should not call a loss rising that ends on its best value', () => {
    const rising = Array.from({ length: 50 }, (_, at) => 50 + 3 * at);
    const points = somePoints([...rising, 49]);

    expect(summarise('loss', points)).toMatchObject({
      last: 49,
      best: 49,
      trend: null
    });
  });

  it('should count what is no number, and name what is off the scale', () => {
    const points = somePoints([1, null, 1e300], { nonfinite: 7 });

    expect(summarise('loss', points)).toMatchObject({
      last: 1,
      best: 1,
      nonfinite: 7,
      offScale: 1e300
    });
  });

  it('should have nothing to say where nothing is finite', () => {
    expect(summarise('loss', somePoints([null, null]))).toMatchObject({
      last: null,
      best: null,
      trend: null,
      offScale: null
    });
  });
});

describe('scaleLimit()', () => {
  it('should leave small values room even where all are tiny', () => {
    expect(scaleLimit({ mean: [1e-9, 1e-9, 5] })).toBeGreaterThan(5);
  });
});
