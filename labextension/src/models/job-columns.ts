import type { TranslationBundle } from '@jupyterlab/translation';

import { formatDuration, formatHeadline, formatValue } from '../format';
import type { IJob, Json } from '../wire';

/** What a cell sorts and groups by; null where a job has nothing there. */
export type ColumnValue = string | number | null;

/** One column of a table of jobs. */
export interface IColumn {
  /** `state`, `option:learning_rate`, `score:accuracy`. */
  readonly id: string;
  readonly label: string;
  /** Whether it holds numbers, which stand at the right. */
  readonly isNumeric: boolean;
  readonly value: (job: IJob) => ColumnValue;
  /** What is shown for it. */
  readonly text: (job: IJob) => string;
}

/** By what a table is sorted. */
export interface ISorting {
  readonly column: string;
  readonly isDescending: boolean;
}

/** Jobs that have the same value in the column that a table is grouped by. */
export interface IJobGroup {
  /** Null where the table is not grouped. */
  readonly label: string | null;
  readonly jobs: readonly IJob[];
}

/** Ids of the columns that a table can be grouped by, beside those of options. */
export const GROUPINGS = ['type', 'state', 'network', 'dataset', 'sweep'];

/**
 * The columns that tell jobs apart: what every job has, the options that somebody chose, and the
 * scores that they came to.
 */
export function columnsOf(
  jobs: readonly IJob[],
  trans: TranslationBundle
): IColumn[] {
  const varied = unique(jobs.flatMap(job => Object.keys(job.varied)));
  const given = unique(jobs.flatMap(job => Object.keys(job.given))).sort();
  const options = unique([...varied, ...given]);
  const scores = unique(
    jobs.flatMap(({ headline }) => (headline ? [headline.name] : []))
  ).sort();
  return [
    words('state', trans.__('State'), job => job.state),
    words('type', trans.__('Type'), job => job.type),
    words('network', trans.__('Network'), job => job.networks.join(', ')),
    words('dataset', trans.__('Dataset'), job => job.dataset),
    ...scores.map(scoreColumn),
    ...options.map(optionColumn),
    words('submitted', trans.__('Submitted'), job => job.submitted_at),
    {
      id: 'took',
      label: trans.__('Took'),
      isNumeric: true,
      value: seconds,
      text: job => {
        const time = seconds(job);
        return time === null ? '' : formatDuration(time, trans);
      }
    },
    words('note', trans.__('Note'), job => job.note || null)
  ];
}

/**
 * The name of a job, which is the first column of every table.
 *
 * @param labels - what is shown of it, by ids; the whole of it when absent
 */
export function nameColumn(
  trans: TranslationBundle,
  labels: ReadonlyMap<string, string> = new Map()
): IColumn {
  return {
    ...words('name', trans.__('Name'), job => job.name),
    text: ({ id, name }) => labels.get(id) ?? name
  };
}

function words(
  id: string,
  label: string,
  value: (job: IJob) => string | null
): IColumn {
  return { id, label, isNumeric: false, value, text: job => value(job) ?? '' };
}

function scoreColumn(name: string): IColumn {
  const value = ({ headline }: IJob): number | null =>
    headline?.name === name ? headline.value : null;
  return {
    id: `score:${name}`,
    label: name,
    isNumeric: true,
    value,
    text: job => {
      const score = value(job);
      return score === null ? '' : formatValue(score);
    }
  };
}

function optionColumn(name: string): IColumn {
  const value = (job: IJob): ColumnValue => {
    const found = job.options[name] ?? job.given[name] ?? null;
    const isPlain = typeof found === 'number' || typeof found === 'string';
    return isPlain || found === null ? found : optionText(found);
  };
  return {
    id: `option:${name}`,
    label: name,
    isNumeric: true,
    value,
    text: job => {
      const found = value(job);
      return found === null ? '' : String(found);
    }
  };
}

/** The value of an option as people write it. */
export function optionText(value: Json): string {
  if (Array.isArray(value)) {
    return value.join(',');
  }
  return value !== null && typeof value === 'object'
    ? JSON.stringify(value)
    : String(value);
}

function seconds({ started_at, finished_at }: IJob): number | null {
  return started_at && finished_at
    ? (Date.parse(finished_at) - Date.parse(started_at)) / 1000
    : null;
}

/** The jobs in order; those without a value stand last, whichever way they are sorted. */
export function sortJobs(
  jobs: readonly IJob[],
  columns: readonly IColumn[],
  { column, isDescending }: ISorting
): IJob[] {
  const found = columns.find(({ id }) => id === column);
  if (!found) {
    return [...jobs];
  }
  const sign = isDescending ? -1 : 1;
  return [...jobs].sort((one, other) => {
    const [first, second] = [found.value(one), found.value(other)];
    if (first === null || second === null) {
      return Number(first === null) - Number(second === null);
    }
    return sign * compareValues(first, second);
  });
}

function compareValues(one: string | number, other: string | number): number {
  return typeof one === 'number' && typeof other === 'number'
    ? one - other
    : String(one).localeCompare(String(other), undefined, { numeric: true });
}

/** The jobs by their value in a column, groups in the order in which they first occur. */
export function groupJobs(
  jobs: readonly IJob[],
  columns: readonly IColumn[],
  column: string | null
): IJobGroup[] {
  if (column === null) {
    return [{ label: null, jobs }];
  }
  const value = valueIn(columns, column);
  const groups = new Map<string, IJob[]>();
  for (const job of jobs) {
    const label = String(value(job) ?? '–');
    groups.set(label, [...(groups.get(label) ?? []), job]);
  }
  return [...groups].map(([label, members]) => ({ label, jobs: members }));
}

function valueIn(
  columns: readonly IColumn[],
  column: string
): (job: IJob) => ColumnValue {
  return column === 'sweep'
    ? job => job.sweep
    : (columns.find(({ id }) => id === column)?.value ?? (() => null));
}

/** The best score of a group as words; empty where no job has one. */
export function bestOf(jobs: readonly IJob[]): string {
  const scored = jobs.flatMap(({ headline }) =>
    headline && headline.value !== null ? [headline] : []
  );
  const best = scored.reduce<(typeof scored)[number] | null>(
    (found, item) =>
      found === null || isBetter(item.name, item.value ?? 0, found.value ?? 0)
        ? item
        : found,
    null
  );
  return best ? formatHeadline(best) : '';
}

/** Whether one value of a score is better than another; of losses less is. */
export function isBetter(name: string, one: number, other: number): boolean {
  return isHigherBetterScore(name) ? one > other : one < other;
}

/** Whether more of a score is better. */
export function isHigherBetterScore(name: string): boolean {
  return /(accuracy|R²|mean IoU|ELBO|mean return)$/.test(name);
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
