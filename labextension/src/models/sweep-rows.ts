import type { IJob } from '../wire';

/** The jobs of one sweep as a single row of a list. */
export interface ISweepRow {
  /** Its id. */
  readonly sweep: string;
  /** What the names of its jobs have in common. */
  readonly name: string;
  readonly jobs: readonly IJob[];
}

/** Jobs of a sweep below which they are rows of their own. */
const FEWEST = 2;

/** The rows of a list: each sweep is one, where its first job stands. */
export function rowsOf(jobs: readonly IJob[]): (IJob | ISweepRow)[] {
  const members = new Map<string, IJob[]>();
  for (const job of jobs) {
    if (job.sweep) {
      members.set(job.sweep, [...(members.get(job.sweep) ?? []), job]);
    }
  }
  const seen = new Set<string>();
  return jobs.flatMap((job): (IJob | ISweepRow)[] => {
    const found = job.sweep ? (members.get(job.sweep) ?? []) : [];
    if (!job.sweep || found.length < FEWEST) {
      return [job];
    }
    if (seen.has(job.sweep)) {
      return [];
    }
    seen.add(job.sweep);
    return [{ sweep: job.sweep, name: commonName(found), jobs: found }];
  });
}

/** The words that the names of jobs begin with; the whole first name where there are none. */
export function commonName(jobs: readonly IJob[]): string {
  const words = jobs.map(({ name }) => name.split(' '));
  const shared = words[0].filter((_, at) =>
    words.every(
      item =>
        item.slice(0, at + 1).join(' ') === words[0].slice(0, at + 1).join(' ')
    )
  );
  // Names of a sweep end with what it varies: that which all share of it says nothing.
  const name = shared.filter(word => !word.includes('=')).join(' ');
  return name || jobs[0].name;
}
