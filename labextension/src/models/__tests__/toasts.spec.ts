import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { CommandIDs } from '../../tokens';
import type { IJobTransition } from '../../tokens';
import type { JobState } from '../../wire';
import { MOST_TOASTS, hostToast, jobToasts } from '../toasts';
import { aJob, aNotification } from './records';

const trans = nullTranslator.load('');
const ALL = {
  toastFinished: true,
  toastFailed: true,
  toastStopped: true,
  toastStarted: true,
  toastHosts: true
};

function change(
  from: JobState | null,
  to: JobState,
  fields: Parameters<typeof aJob>[0] = {}
): IJobTransition {
  return { job: aJob({ ...fields, state: to }), from, to };
}

describe('jobToasts', () => {
  it('should say what a finished job came to, and offer to open it', () => {
    const headline = { name: 'accuracy', value: 0.9812, on: null };

    const [toast] = jobToasts(
      [change('running', 'finished', { headline })],
      ALL,
      trans
    );

    expect(toast.message).toBe('lenet-digits finished: acc 0.981');
    expect(toast.isFailure).toBe(false);
    expect(toast.actions.map(action => action.command)).toEqual([
      CommandIDs.openJob
    ]);
  });

  it('should keep a failure until it is closed, and offer to try again', () => {
    const error = {
      type: 'ValueError',
      message: 'Bad shape.\nmore',
      traceback: null,
      log_tail: null
    };

    const [toast] = jobToasts(
      [change('running', 'failed', { error })],
      ALL,
      trans
    );

    expect(toast.message).toBe('lenet-digits failed: Bad shape.');
    expect(toast.level).toBe('error');
    expect(toast.isFailure).toBe(true);
    expect(toast.actions.map(action => action.command)).toEqual([
      CommandIDs.openJob,
      CommandIDs.resubmitJob
    ]);
    expect(toast.actions[1].args).toEqual({ job: 'j1' });
  });

  it('should tell many with one message', () => {
    const changes = Array.from({ length: 20 }, (_, index) =>
      change('running', 'finished', { id: `j${index}` })
    );

    const told = jobToasts(changes, ALL, trans);

    expect(told.map(toast => toast.message)).toEqual(['20 jobs finished.']);
  });

  it('should tell a few one by one', () => {
    const changes = Array.from({ length: MOST_TOASTS }, (_, index) =>
      change('running', 'stopped', { id: `j${index}` })
    );

    expect(jobToasts(changes, ALL, trans)).toHaveLength(MOST_TOASTS);
  });

  it('should tell only the end of a job that started and ended at once', () => {
    const changes = [
      change('starting', 'running'),
      change('running', 'finished')
    ];

    expect(jobToasts(changes, ALL, trans)).toHaveLength(1);
  });

  it('should not tell a new job, nor one that is tried again', () => {
    const changes = [
      change(null, 'queued'),
      change(null, 'failed'),
      change('running', 'queued'),
      change('unreachable', 'running')
    ];

    expect(jobToasts(changes, ALL, trans)).toEqual([]);
  });

  it('should tell only what the person wants to hear', () => {
    const changes = [
      change('running', 'finished'),
      change('running', 'failed')
    ];

    const told = jobToasts(changes, { ...ALL, toastFailed: false }, trans);

    expect(told.map(toast => toast.level)).toEqual(['success']);
  });

  it('should shorten a long name without cutting a letter in two', () => {
    const [{ message }] = jobToasts(
      [change('running', 'finished', { name: '🚀'.repeat(300) })],
      ALL,
      trans
    );

    expect(message).toBe(`${'🚀'.repeat(59)}… finished.`);
  });
});

describe('hostToast', () => {
  it('should keep the loss of a host in sight', () => {
    const lost = aNotification({ level: 'danger', message: 'node1 was lost.' });

    const toast = hostToast(lost, ALL, trans);

    expect(toast).toMatchObject({
      message: 'node1 was lost.',
      isFailure: true
    });
  });

  it('should leave jobs to their own messages', () => {
    const about = aNotification({ job: 'j1' });

    expect(hostToast(about, ALL, trans)).toBeNull();
  });
});
