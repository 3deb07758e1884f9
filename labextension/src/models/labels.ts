import type { IJob, Json } from '../wire';
import { valueText } from './option-text';

/**
 * A job's name in three parts. In little room the middle one stays, because it tells the job from
 * those beside it.
 */
export interface ILabel {
  readonly before: string;
  readonly own: string;
  readonly after: string;
}

/** Names up to so many characters are not divided: they fit. */
const SHORT = 12;
/** Characters at the end of a longer name that stay, where no other name is like it. */
const END = 6;
/** Options that tell jobs of one name apart, at most. */
const MOST_OPTIONS = 3;

/** Short words of the field for options that stand in rows. */
const WORDS: { readonly [option: string]: string } = {
  learning_rate: 'lr',
  batch_size: 'batch',
  max_iterations: 'it',
  weight_decay: 'wd'
};

/** Options that differ from job to job without telling what was tried. */
const NO_CHOICE = new Set(['tag', 'init_tag', 'clean']);

/**
 * Divide the names of jobs that are listed together so that each shows what is its own.
 *
 * Of names with a common beginning or end that is what stands between; jobs of one name and type
 * show the options in which they differ.
 *
 * @param jobs - those in one list, in any order
 */
export function labelsOf(jobs: readonly IJob[]): Map<string, ILabel> {
  const families = new Map<string, IJob[]>();
  for (const job of jobs) {
    const family = families.get(job.name);
    if (family) {
      family.push(job);
    } else {
      families.set(job.name, [job]);
    }
  }
  const names = [...families.keys()].sort();
  const labels = new Map<string, ILabel>();
  names.forEach((name, at) => {
    const own = divided(name, names[at - 1], names[at + 1]);
    const family = families.get(name) ?? [];
    const differing = differences(family);
    for (const job of family) {
      const told = differing.get(job.id);
      labels.set(
        job.id,
        told ? { before: `${name} `, own: told, after: '' } : own
      );
    }
  });
  return labels;
}

/**
 * Divide a name where it parts from the names before and after it in their order.
 */
function divided(name: string, ...others: (string | undefined)[]): ILabel {
  const beside = others.filter(other => other !== undefined);
  const lengths = beside.map(other => commonStart(name, other));
  const start = wordStart(name, Math.max(0, ...lengths));
  if (start === 0) {
    const end = name.length > SHORT ? name.length - END : name.length;
    return name.length > SHORT
      ? { before: name.slice(0, end), own: name.slice(end), after: '' }
      : { before: '', own: name, after: '' };
  }
  const nearest = beside[lengths.indexOf(Math.max(...lengths))];
  const tail = commonEnd(name.slice(start), nearest.slice(start));
  const end = wordEnd(name, name.length - tail);
  return {
    before: name.slice(0, start),
    own: name.slice(start, end),
    after: name.slice(end)
  };
}

function commonStart(one: string, other: string): number {
  const most = Math.min(one.length, other.length);
  let at = 0;
  while (at < most && one[at] === other[at]) {
    at++;
  }
  return at;
}

function commonEnd(one: string, other: string): number {
  // What is own has at least a character.
  const most = Math.min(one.length, other.length) - 1;
  let count = 0;
  while (
    count < most &&
    one[one.length - 1 - count] === other[other.length - 1 - count]
  ) {
    count++;
  }
  return count;
}

const LETTER = /[\p{L}\p{N}.]/u;
const NUMBER = /^[-+]?[\d.]/;

/** Where the word begins that a position lies in; a number takes the word before it along. */
function wordStart(name: string, position: number): number {
  let at = beginning(name, position);
  if (NUMBER.test(name.slice(at)) || at === name.length) {
    let before = at;
    while (before > 0 && !LETTER.test(name[before - 1])) {
      before--;
    }
    at = beginning(name, before);
  }
  return at;
}

function beginning(name: string, position: number): number {
  let at = position;
  while (at > 0 && LETTER.test(name[at - 1])) {
    at--;
  }
  return at;
}

/** Where the word ends that a position lies in. */
function wordEnd(name: string, position: number): number {
  let at = position;
  while (at < name.length && at > 0 && LETTER.test(name[at - 1])) {
    if (!LETTER.test(name[at])) {
      break;
    }
    at++;
  }
  return at;
}

/**
 * What tells jobs of one name apart, such as `lr 0.03`; nothing for those that are all alike.
 */
function differences(family: readonly IJob[]): Map<string, string> {
  const told = new Map<string, string>();
  for (const type of new Set(family.map(job => job.type))) {
    const jobs = family.filter(job => job.type === type);
    const values = differingValues(jobs);
    if (values.length > 0) {
      jobs.forEach((job, at) => {
        const words = values.map(([key, texts]) => word(key, texts[at]));
        told.set(job.id, words.join(' '));
      });
    }
  }
  return told;
}

/** The options with their values job by job, those that differ most often first. */
function differingValues(jobs: readonly IJob[]): [string, string[]][] {
  const keys = new Set(jobs.flatMap(({ given }) => Object.keys(given)));
  const rows: [string, string[]][] = [
    ['', jobs.map(({ networks }) => networks.join(', '))],
    ['', jobs.map(({ dataset }) => dataset ?? '')]
  ];
  for (const key of keys) {
    if (!NO_CHOICE.has(key)) {
      rows.push([
        key,
        jobs.map(job => text(job.given[key] ?? job.options[key]))
      ]);
    }
  }
  return rows
    .map(row => ({ row, count: new Set(row[1]).size }))
    .filter(({ count }) => count > 1)
    .sort((one, other) => other.count - one.count)
    .slice(0, MOST_OPTIONS)
    .map(({ row }) => row);
}

function text(value: Json | undefined): string {
  return value === undefined ? '' : valueText(value);
}

function word(key: string, value: string): string {
  const name = WORDS[key] ?? key.replaceAll('_', ' ');
  return [name, value || '–'].filter(Boolean).join(' ');
}
