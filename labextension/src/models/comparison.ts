import type { TranslationBundle } from '@jupyterlab/translation';

import { formatDuration, formatValue } from '../format';
import { optionText } from './job-columns';
import type { IJob, IMetrics, ISeriesPoints, Json } from '../wire';

/** Jobs that can be compared at once. */
export const LEAST_COMPARED = 2;
export const MOST_COMPARED = 20;

/** One option or result of all jobs, as text; null where a job has none. */
export interface IComparedRow {
  readonly name: string;
  readonly cells: readonly (string | null)[];
  /** Whether it is not the same in all jobs. */
  readonly differs: boolean;
}

/** What jobs were asked to do, options that differ first. */
export function comparedOptions(
  jobs: readonly IJob[],
  trans: TranslationBundle
): IComparedRow[] {
  return rows(
    jobs.map(job => [
      [trans.__('type'), job.type],
      [trans.__('network'), job.networks.join(', ')],
      [trans.__('dataset'), job.dataset],
      [trans.__('processes'), String(job.target_count)],
      ...Object.entries(job.options).map(
        ([name, value]) => [name, optionText(value)] as const
      )
    ])
  );
}

/** What jobs came to, results that differ first. */
export function comparedResults(
  jobs: readonly IJob[],
  trans: TranslationBundle
): IComparedRow[] {
  return rows(
    jobs.map(({ state, headline, started_at, finished_at, result }) => [
      [trans.__('state'), state],
      ...(headline
        ? [[headline.name, formatValue(headline.value)] as const]
        : []),
      ...(started_at && finished_at
        ? [
            [
              trans.__('time'),
              formatDuration(
                (Date.parse(finished_at) - Date.parse(started_at)) / 1000,
                trans
              )
            ] as const
          ]
        : []),
      ...Object.entries(result ?? {}).flatMap(([name, value]) => {
        const text = resultText(value);
        return text === null ? [] : [[name, text] as const];
      })
    ])
  );
}

function resultText(value: Json): string | null {
  if (typeof value === 'number') {
    return formatValue(value);
  }
  return typeof value === 'string' ? value : null;
}

type Facts = readonly (readonly [name: string, text: string | null])[];

function rows(jobs: readonly Facts[]): IComparedRow[] {
  const names = [
    ...new Set(jobs.flatMap(facts => facts.map(([name]) => name)))
  ];
  const found = names.map(name => {
    const cells = jobs.map(
      facts => facts.find(([other]) => other === name)?.[1] ?? null
    );
    return { name, cells, differs: cells.some(cell => cell !== cells[0]) };
  });
  return [
    ...found.filter(({ differs }) => differs),
    ...found.filter(({ differs }) => !differs)
  ];
}

/** Names without the words that all of them begin with; the id where two are the same. */
export function distinctNames(jobs: readonly IJob[]): string[] {
  const words = jobs.map(({ name }) => name.split(' '));
  let shared = 0;
  while (
    words.length &&
    words.every(
      item => item.length > shared + 1 && item[shared] === words[0][shared]
    )
  ) {
    shared += 1;
  }
  const names = words.map(item => item.slice(shared).join(' '));
  return names.map((name, at) =>
    names.indexOf(name) === names.lastIndexOf(name)
      ? name
      : `${name} (${jobs[at].id.slice(0, 4)})`
  );
}

/** By what curves are laid over each other. */
export type ComparedBy = 'step' | 'time';

/** The series of one name of all jobs that have it, under the names of the jobs. */
export function seriesOver(
  name: string,
  metrics: readonly (IMetrics | null)[],
  labels: readonly string[],
  by: ComparedBy
): [label: string, points: ISeriesPoints][] {
  return metrics.flatMap((item, at) => {
    const points = item?.series[name];
    if (!points?.step.length) {
      return [];
    }
    return [[labels[at], by === 'step' ? points : overTime(points, item)]];
  });
}

/** The points at the second since the first point of their job, instead of at their step. */
function overTime(
  points: ISeriesPoints,
  metrics: IMetrics | null
): ISeriesPoints {
  const firsts = Object.values(metrics?.series ?? {}).flatMap(({ time }) =>
    time.slice(0, 1)
  );
  const start = Math.min(...firsts);
  // Whole milliseconds, so that points of several jobs may fall together.
  const step = points.time.map(
    time => Math.round((time - start) * 1000) / 1000
  );
  return { ...points, step };
}
