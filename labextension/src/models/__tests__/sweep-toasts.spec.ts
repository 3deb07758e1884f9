import { nullTranslator } from '@jupyterlab/translation';
import { beforeEach, describe, expect, it } from 'vitest';

import { CommandIDs } from '../../tokens';
import type { IJobTransition } from '../../tokens';
import type { IJob, JobState } from '../../wire';
import { SweepToasts } from '../sweep-toasts';
import { aJob } from './records';

const trans = nullTranslator.load('');
const ALL = {
  toastFinished: true,
  toastFailed: true,
  toastStopped: true,
  toastStarted: true,
  toastHosts: true
};

let jobs: Map<string, IJob>;
let sweeps: SweepToasts;

beforeEach(() => {
  sweeps = new SweepToasts();
  jobs = new Map(
    ['a', 'b', 'c'].map(id => [
      id,
      aJob({ id, name: `iris learning_rate=${id}`, sweep: 's1' })
    ])
  );
});

/** Let jobs reach states, all at once; returns what is told. */
function reach(states: { readonly [job: string]: JobState }, choice = ALL) {
  const changes = Object.entries(states).map(([id, to]): IJobTransition => {
    const job = aJob({ ...jobs.get(id), id, state: to });
    jobs.set(id, job);
    return { job, from: 'running', to };
  });
  return sweeps.take(changes, { jobs, waitingUntil: null }, choice, trans);
}

describe('SweepToasts', () => {
  it('should tell once that all jobs of a sweep have finished', () => {
    const told = [
      reach({ a: 'finished' }),
      reach({ b: 'finished' }),
      reach({ c: 'finished' })
    ].map(({ toasts }) => toasts.map(({ message }) => message));

    expect(told).toEqual([[], [], ['Sweep iris: 3 jobs finished']]);
  });

  it('should open the table of the sweep', () => {
    const { toasts } = reach({ a: 'finished', b: 'finished', c: 'stopped' });

    expect(toasts).toHaveLength(1);
    expect(toasts[0].message).toBe('Sweep iris: 2 jobs finished, 1 stopped');
    expect(toasts[0].actions).toEqual([
      {
        label: 'Open',
        command: CommandIDs.openSweep,
        args: { sweep: 's1', name: 'iris' }
      }
    ]);
  });

  it('should tell of the first failure at once, and of others at the end', () => {
    const [first, second, end] = [
      reach({ a: 'failed' }),
      reach({ b: 'failed' }),
      reach({ c: 'finished' })
    ].map(({ toasts }) => toasts);

    expect(first[0]).toMatchObject({ level: 'error', isFailure: true });
    expect(second).toEqual([]);
    expect(end[0].message).toBe('Sweep iris: 1 job finished, 2 failed');
    expect(end[0].level).toBe('error');
  });

  it('should leave other jobs to others, and keep to what is wanted', () => {
    jobs.set('alone', aJob({ id: 'alone' }));
    const { rest, toasts } = reach(
      { alone: 'finished', a: 'finished', b: 'finished', c: 'finished' },
      { ...ALL, toastFinished: false }
    );

    expect(rest.map(({ job }) => job.id)).toEqual(['alone']);
    expect(toasts).toEqual([]);
  });
});
