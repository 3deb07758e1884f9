import { describe, expect, it } from 'vitest';

import type { IDeployment } from '../../wire';
import {
  deploymentSentence,
  quickAccess,
  shownDeployments,
  withDeployment,
  withDeploymentReasons
} from '../deployments';

function aDeployment(change: Partial<IDeployment> = {}): IDeployment {
  return {
    id: '1f',
    title: 'digits',
    item_title: 'Digit classifier',
    state: 'running',
    service: 'api',
    reason: null,
    phase: null,
    error: null,
    created: '2026-01-02T00:00:00Z',
    endpoints: [
      { service: 'api', path: 'x/api/', alive: true, since: null, main: true }
    ],
    ...change
  } as IDeployment;
}

function known(...items: IDeployment[]): ReadonlyMap<string, IDeployment> {
  return new Map(items.map(item => [item.id, item]));
}

describe('deployments', () => {
  it('should follow messages, and leave others alone', () => {
    const waiting = aDeployment({ state: 'queued' });
    const told = withDeployment(new Map(), {
      type: 'deployment',
      event: '1',
      deployment: waiting
    });
    const reasons = { '1f': 'needs 2 GPUs', '2f': 'of a job' };
    const message = { type: 'reasons', event: '2', reasons } as const;

    expect(told.get('1f')).toBe(waiting);
    expect(withDeploymentReasons(told, message).get('1f')?.reason).toBe(
      'needs 2 GPUs'
    );
    expect(withDeployment(told, { ...message, event: '3' })).toBe(told);
    expect(
      withDeployment(told, {
        type: 'deployment_deleted',
        event: '4',
        deployment_deleted: '1f'
      }).size
    ).toBe(0);
  });

  it('should show what has not ended or failed, the newest first', () => {
    const shown = shownDeployments(
      known(
        aDeployment({ id: 'a', state: 'failed' }),
        aDeployment({ id: 'b', state: 'stopped' }),
        aDeployment({ id: 'c', created: '2026-02-02T00:00:00Z' })
      )
    );

    expect(shown.map(({ id }) => id)).toEqual(['c', 'a']);
  });

  it('should say how far one is, and why it failed', () => {
    const phase = { name: 'environment', text: '3 of 9 packages', fraction: 1 };
    const error = { type: 'X', message: 'died\nmore' } as IDeployment['error'];

    expect(deploymentSentence(aDeployment())).toBeNull();
    expect(deploymentSentence(aDeployment({ state: 'starting', phase }))).toBe(
      '3 of 9 packages'
    );
    expect(deploymentSentence(aDeployment({ state: 'failed', error }))).toBe(
      'died'
    );
  });

  it('should open what answers alone', () => {
    const [end] = aDeployment().endpoints;

    expect(quickAccess(aDeployment())).toBe('x/api/');
    expect(quickAccess(aDeployment({ state: 'down' }))).toBeNull();
    expect(
      quickAccess(aDeployment({ endpoints: [{ ...end, alive: false }] }))
    ).toBeNull();
  });
});
