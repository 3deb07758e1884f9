import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import {
  formatAge,
  formatAgo,
  formatBytes,
  formatDuration,
  formatFollowed,
  formatPercent,
  formatSteps,
  formatUtc,
  formatValue
} from '../format';
import { aProgress } from '../models/__tests__/records';

const trans = nullTranslator.load('');

describe('formatDuration', () => {
  it.each([
    [0, '0 s'],
    [42.4, '42 s'],
    [59.6, '1 min'],
    [14 * 60, '14 min'],
    [7500, '2 h 05 min'],
    [3 * 86400, '3 days']
  ])('should write %s s as %s', (seconds, text) => {
    expect(formatDuration(seconds, trans)).toBe(text);
  });
});

describe('formatAgo', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');

  it.each([
    ['2026-11-22T11:59:55Z', 'just now'],
    ['2026-11-22T12:00:30Z', 'just now'],
    ['2026-11-22T11:58:00Z', '2 min ago'],
    ['2026-11-22T09:20:00Z', '2 h ago'],
    ['2026-11-10T12:00:00Z', '12 days ago']
  ])('should tell %s as %s', (iso, text) => {
    expect(formatAgo(iso, trans, now)).toBe(text);
  });
});

describe('formatFollowed()', () => {
  it('should tell what is learned, or what agents reach', () => {
    const told = (values: { [series: string]: number }): string | null =>
      formatFollowed(aProgress({ values }), trans);

    expect(told({ loss: 0.31, return: 5 })).toBe('loss 0.310');
    expect(told({ length: 30, return: 21.5 })).toBe('return 21.5');
    expect(told({ length: 30 })).toBeNull();
  });
});

describe('formatAge', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');

  it.each([
    ['2026-11-22T11:59:55Z', 'now'],
    ['2026-11-22T11:01:00Z', '59 min'],
    ['2026-11-22T09:20:00Z', '2 h'],
    ['2026-11-10T12:00:00Z', '12 d']
  ])('should tell %s as %s', (iso, text) => {
    expect(formatAge(iso, trans, now)).toBe(text);
  });
});

describe('formatValue', () => {
  it.each([
    [0.98123, '0.981'],
    [12345, '12,345'],
    [1e300, '1.0e+300'],
    [0.00001, '1.0e-5'],
    [0, '0.00'],
    [Number.NaN, '–'],
    [null, '–']
  ])('should write %s as %s', (value, text) => {
    expect(formatValue(value)).toBe(text);
  });
});

describe('formatPercent', () => {
  it('should not say that all is done before it is', () => {
    expect(formatPercent(0.9999)).toBe('99 %');
  });
});

describe('formatSteps', () => {
  it('should do without an end', () => {
    expect(formatSteps(aProgress({ step: 28400, total: null }))).toBe(
      'it 28,400'
    );
  });
});

describe('formatUtc', () => {
  it('should give the exact time', () => {
    expect(formatUtc('2026-11-22T05:38:09.123456+01:00')).toBe(
      '2026-11-22 04:38:09 UTC'
    );
  });
});

describe('formatBytes', () => {
  it.each([
    [999, '999 B'],
    [1500, '1.5 kB'],
    [16e9, '16.0 GB'],
    [2e12, '2.0 TB']
  ])('should write %s as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
