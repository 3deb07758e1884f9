import { describe, expect, it } from 'vitest';

import type { IPlatformState } from '../../tokens';
import type { EventMessage } from '../../wire';
import {
  EMPTY_STATE,
  KEPT_ENDED_JOBS,
  KEPT_NOTIFICATIONS,
  reduce,
  transitions
} from '../state';
import {
  aHost,
  aJob,
  aNotification,
  aProgress,
  aSnapshot,
  aStatus,
  anEndedJob
} from './records';

function fold(...messages: EventMessage[]): IPlatformState {
  return messages.reduce(reduce, EMPTY_STATE);
}

describe('reduce', () => {
  it('should take everything from a snapshot, and forget what was before', () => {
    const state = fold(
      aSnapshot([aJob({ id: 'old' })], 'a-9'),
      aSnapshot([aJob({ id: 'new' })], 'b-0')
    );

    expect([...state.jobs.keys()]).toEqual(['new']);
    expect([...state.hosts.keys()]).toEqual(['node1']);
    expect(state.event).toBe('b-0');
  });

  it('should replace a job and keep the others as they are', () => {
    const before = fold(aSnapshot([aJob({ id: 'x' }), aJob({ id: 'y' })]));

    const job = aJob({ id: 'x', state: 'stopping' });
    const after = reduce(before, { type: 'job', event: 'e-1', job });

    expect(after.jobs.get('x')?.state).toBe('stopping');
    expect(after.jobs.get('y')).toBe(before.jobs.get('y'));
    expect(before.jobs.get('x')?.state).toBe('running');
  });

  it('should end in the same state when a message comes twice', () => {
    const messages: EventMessage[] = [
      { type: 'job', event: 'e-1', job: aJob() },
      { type: 'job_deleted', event: 'e-2', job_deleted: 'j2' },
      { type: 'host', event: 'e-3', host: aHost('node2') },
      { type: 'host_removed', event: 'e-4', host_removed: 'node1' },
      { type: 'notification', event: 'e-5', notification: aNotification() },
      { type: 'status', event: 'e-6', status: aStatus({ running: 1 }) },
      { type: 'progress', event: 'e-7', progress: { j1: aProgress() } }
    ];
    const once = fold(aSnapshot([aJob({ id: 'j2' })]), ...messages);

    const twice = messages.reduce(reduce, once);

    expect(twice).toEqual(once);
    expect([...twice.hosts.keys()]).toEqual(['node2']);
    expect([...twice.jobs.keys()]).toEqual(['j1']);
  });

  it('should not bring back a deleted or an ended job by its progress', () => {
    const progress = { gone: aProgress(), over: aProgress({ step: 7 }) };

    const state = fold(aSnapshot([anEndedJob({ id: 'over' })]), {
      type: 'progress',
      event: 'e-1',
      progress
    });

    expect(state.jobs.has('gone')).toBe(false);
    expect(state.jobs.get('over')?.progress).toBeNull();
  });

  it('should keep only the newest of the jobs that have ended', () => {
    const messages = Array.from(
      { length: KEPT_ENDED_JOBS + 5 },
      (_, index): EventMessage => {
        const finished_at = new Date(1e12 + index * 1000).toISOString();
        const job = anEndedJob({ id: `j${index}`, finished_at });
        return { type: 'job', event: `e-${index + 1}`, job };
      }
    );

    const state = fold(aSnapshot([aJob({ id: 'alive' })]), ...messages);

    expect(state.jobs.size).toBe(KEPT_ENDED_JOBS + 1);
    expect(state.jobs.has('alive')).toBe(true);
    expect(state.jobs.has('j4')).toBe(false);
    expect(state.jobs.has('j5')).toBe(true);
  });

  it('should keep a bounded number of notifications, newest first', () => {
    const messages = Array.from(
      { length: KEPT_NOTIFICATIONS + 3 },
      (_, id): EventMessage => ({
        type: 'notification',
        event: `e-${id}`,
        notification: aNotification({ id })
      })
    );

    const { notifications } = fold(aSnapshot(), ...messages);

    expect(notifications).toHaveLength(KEPT_NOTIFICATIONS);
    expect(notifications[0].id).toBe(KEPT_NOTIFICATIONS + 2);
  });

  it('should pass over a message of a newer platform', () => {
    const before = fold(aSnapshot([aJob()]));
    const unknown = { type: 'weather', event: 'e-9', weather: 'fine' };

    const after = reduce(before, unknown as unknown as EventMessage);

    expect(after).toEqual({ ...before, event: 'e-9' });
  });
});

describe('transitions', () => {
  it('should tell nothing when the page first learns what is', () => {
    expect(transitions(EMPTY_STATE, fold(aSnapshot([aJob()])))).toEqual([]);
  });

  it('should tell what happened while the connection was lost', () => {
    const before = fold(
      aSnapshot([aJob({ id: 'x' }), aJob({ id: 'y' }), aJob({ id: 'z' })])
    );
    const after = fold(
      aSnapshot([anEndedJob({ id: 'x' }), aJob({ id: 'y' }), aJob({ id: 'n' })])
    );

    const found = transitions(before, after).map(
      ({ job, from, to }) => [job.id, from, to] as const
    );

    expect(found).toEqual([
      ['x', 'running', 'finished'],
      ['n', null, 'running'],
      ['z', 'running', null]
    ]);
  });

  it('should not tell that an ended job left the list', () => {
    const before = fold(aSnapshot([anEndedJob()]));

    expect(transitions(before, fold(aSnapshot()))).toEqual([]);
  });

  it('should not tell progress', () => {
    const before = fold(aSnapshot([aJob()]));
    const after = reduce(before, {
      type: 'progress',
      event: 'e-1',
      progress: { j1: aProgress() }
    });

    expect(transitions(before, after)).toEqual([]);
  });
});
