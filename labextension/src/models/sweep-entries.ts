import type { TranslationBundle } from '@jupyterlab/translation';

import type { IFieldError, ISweepRange, Json, SearchMethod } from '../wire';
import { blame } from './blame';
import type { IEntries } from './entries';
import type { Options } from './option-text';

/** The values that an option takes in the jobs of a sweep, or what they are drawn from. */
export type Dimension = string[] | ISweepRange;

/** A sweep as it was entered. */
export interface ISweepEntries {
  readonly dimensions: { readonly [option: string]: Dimension };
  /** Options that all of its jobs have. */
  readonly shared: { [option: string]: Json };
  readonly method: SearchMethod;
  /** Text that is no number goes as it is: the platform says what it accepts. */
  readonly trials?: number | string;
  /** Jobs that it would make; null where what was entered does not tell. */
  readonly jobs: number | null;
}

/** Ways to choose the values of a sweep. */
export const METHODS: readonly SearchMethod[] = ['grid', 'random', 'hyperband'];

/** Jobs of a random search that does not say how many. */
export const DEFAULT_TRIALS = 20;

const BRACKETS = /^\s*\[([^]*)\]\s*$/;
const RANGE = /^\s*([^\s,]+?)\s*\.\.\s*([^\s,]+)(?:[\s,]\s*(log))?\s*$/;

/**
 * The values that an option is to take; null where it is to take one.
 *
 * @param value - text such as `[0.1, 0.01]`, `[1e-4..1e-1]` or `[1e-4..1e-1,log]`
 */
export function dimensionOf(value: Json): Dimension | null {
  const inside = typeof value === 'string' ? BRACKETS.exec(value)?.[1] : null;
  if (inside === null || inside === undefined) {
    return null;
  }
  const range = RANGE.exec(inside);
  if (range) {
    const [, low, high, log] = range;
    return { low: Number(low), high: Number(high), log: log !== undefined };
  }
  return inside
    .split(',')
    .map(item => item.trim().replace(/^['"]+|['"]+$/g, ''))
    .filter(Boolean);
}

/** The sweep that was entered; null where every option has one value. */
export function sweepOf(entries: IEntries): ISweepEntries | null {
  const dimensions = new Map<string, Dimension>();
  const shared = new Map<string, Json>();
  for (const [name, value] of entries.options) {
    const dimension = dimensionOf(value);
    if (dimension) {
      dimensions.set(name, dimension);
    } else {
      shared.set(name, value);
    }
  }
  if (dimensions.size === 0) {
    return null;
  }
  const drawn = [...dimensions.values()].some(item => !Array.isArray(item));
  const method =
    METHODS.find(item => item === entries.search) ??
    (drawn ? 'random' : 'grid');
  const trials = method === 'grid' ? '' : entries.trials.trim();
  return {
    dimensions: Object.fromEntries(dimensions),
    shared: Object.fromEntries(shared),
    method,
    ...(trials
      ? { trials: Number.isNaN(Number(trials)) ? trials : Number(trials) }
      : {}),
    jobs:
      method === 'grid'
        ? combinations([...dimensions.values()])
        : jobsOf(trials)
  };
}

function combinations(dimensions: readonly Dimension[]): number | null {
  return dimensions.reduce<number | null>(
    (count, item) =>
      count === null || !Array.isArray(item)
        ? null
        : count * new Set(item).size,
    1
  );
}

function jobsOf(trials: string): number | null {
  const count = trials ? Number(trials) : DEFAULT_TRIALS;
  return Number.isInteger(count) && count > 0 ? count : null;
}

/** The options of the first job of a sweep, or of the only one. */
export function firstOf(options: Options): { [option: string]: Json } {
  return Object.fromEntries(
    [...options].map(([name, value]) => {
      const dimension = dimensionOf(value);
      if (dimension === null) {
        return [name, value];
      }
      return [name, Array.isArray(dimension) ? dimension[0] : dimension.low];
    })
  );
}

/** What is wrong with ranges and lists that can be told without asking. */
export function wrongDimensions(
  options: Options,
  trans: TranslationBundle
): IFieldError[] {
  const found: IFieldError[] = [];
  for (const [field, value] of options) {
    const message = wrong(dimensionOf(value), trans);
    if (message !== null) {
      const accepted = trans.__(
        'a list like [0.1, 0.01] or a range like %1',
        '[0.001..0.1]'
      );
      found.push({ field, value, message, accepted, nearest: null });
    }
  }
  return found;
}

function wrong(
  dimension: Dimension | null,
  trans: TranslationBundle
): string | null {
  if (dimension === null) {
    return null;
  }
  if (Array.isArray(dimension)) {
    return dimension.length ? null : trans.__('Name at least one value.');
  }
  const { low, high, log } = dimension;
  if (!Number.isFinite(low) || !Number.isFinite(high)) {
    return trans.__('A range lies between two numbers.');
  }
  if (low >= high) {
    return trans.__(
      'The range begins at %1, which is not below %2.',
      low,
      high
    );
  }
  return log && low <= 0
    ? trans.__('A logarithmic range begins above 0, not at %1.', low)
    : null;
}

/** What the platform has against a sweep: its `method` is not the option of that name. */
export function blameOfSweep(
  error: unknown
): [readonly IFieldError[], string | null] {
  const [errors, message] = blame(error);
  const isSearch = ({ field, value }: IFieldError): boolean =>
    field === 'method' && METHODS.some(method => method === value);
  return [
    errors.map(item => (isSearch(item) ? { ...item, field: 'search' } : item)),
    message
  ];
}
