import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Router } from '@jupyterlab/application';
import { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Places } from '../../models/places';
import { CommandIDs } from '../../tokens';
import { links } from '../links';

const HOME = '/lab';
const NETWORKS = 'networks-for-test';

let ran: [string, ReadonlyPartialJSONObject][];
let router: Router;
const connect = vi.fn();

/** Go to an address, as a browser does, and let JupyterLab's router follow it. */
async function visit(address: string): Promise<typeof ran> {
  ran = [];
  window.history.replaceState({}, '', address);
  await router.route();
  await new Promise(done => setImmediate(done)); // promises come first
  return ran;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const commands = new CommandRegistry();
  router = new Router({ base: '/', commands });
  const places = new Places(true, '/');
  places.add({
    name: 'networks',
    command: NETWORKS,
    rank: 0
  });
  for (const id of [...Object.values(CommandIDs), NETWORKS]) {
    commands.addCommand(id, {
      execute: args => {
        ran.push([id, args]);
      }
    });
  }
  connect.mockClear();
  const app = { commands, restored: Promise.resolve() };
  void links.activate(
    app as unknown as JupyterFrontEnd,
    router,
    { connect },
    places
  );
});

afterEach(() => {
  vi.useRealTimers();
  window.history.replaceState({}, '', HOME);
});

describe('links', () => {
  it.each([
    ['job=abc', CommandIDs.openJob, { job: 'abc' }],
    ['network=mlp&tag=t', CommandIDs.openNetwork, { network: 'mlp', tag: 't' }],
    ['compare=a,b', CommandIDs.compareJobs, { jobs: 'a,b' }],
    ['sweep=s1', CommandIDs.openSweep, { sweep: 's1' }],
    ['submit', CommandIDs.submit, {}],
    [
      'submit&type=LEARN&network=mlp&dataset=iris',
      CommandIDs.submit,
      { type: 'LEARN', network: 'mlp', dataset: 'iris' }
    ],
    ['open=networks', NETWORKS, {}]
  ])(
    'should open what %s asks for, beside the sidebar',
    async (query, id, args) => {
      expect(await visit(`${HOME}?${query}`)).toEqual([
        [CommandIDs.showSidebar, {}],
        [id, args]
      ]);
      expect(connect).toHaveBeenCalledOnce();
    }
  );

  it('should open the sidebar alone for a place that nobody has', async () => {
    expect(await visit(`${HOME}?open=cellar`)).toEqual([
      [CommandIDs.showSidebar, {}]
    ]);
  });

  it.each(['', '?token=x', '?jobs=abc', '?submitted=1'])(
    'should leave the address %s to others',
    async query => {
      expect(await visit(`${HOME}${query}`)).toEqual([]);
      expect(connect).not.toHaveBeenCalled();
    }
  );

  it('should open once what JupyterLab asks for again after it forgot its layout', async () => {
    expect(await visit(`${HOME}?job=abc&reset`)).toHaveLength(2);
    expect(await visit(`${HOME}?job=abc`)).toEqual([]);
    expect(await visit(`${HOME}?job=other`)).toHaveLength(2);
  });

  it('should take its words alone out of the address, once the layout is saved', async () => {
    await visit(`${HOME}?job=abc&token=x`);
    expect(window.location.search).toContain('job=abc');

    vi.runAllTimers();

    expect(window.location.search).toBe('?token=x');
  });
});
