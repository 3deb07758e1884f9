import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FakeApi, aPage } from '../../models/__tests__/fakes';
import {
  aJob,
  aProgress,
  aSnapshot,
  aStatus,
  anEndedJob
} from '../../models/__tests__/records';
import { Places } from '../../models/places';
import { PlatformModel } from '../../models/platform';
import { CommandIDs } from '../../tokens';
import type { IJob } from '../../wire';
import { kindSentence } from '../header';
import { Sidebar } from '../sidebar';

const trans = nullTranslator.load('');
let api: FakeApi;
let model: PlatformModel;
let sidebar: Sidebar;
let executed: [string, unknown][];

beforeEach(() => {
  api = new FakeApi();
  model = new PlatformModel(api, trans);
  const commands = new CommandRegistry();
  executed = [];
  for (const id of Object.values(CommandIDs)) {
    commands.addCommand(id, {
      execute: args => void executed.push([id, { ...args }])
    });
  }
  sidebar = new Sidebar({ model, commands, trans }, new Places(true, '/'));
  Widget.attach(sidebar, document.body);
});

afterEach(() => {
  sidebar.dispose();
  model.dispose();
});

const text = (): string => sidebar.node.textContent ?? '';

function find<T extends HTMLElement>(selector: string): T {
  const found = sidebar.node.querySelector<T>(selector);
  expect(found, selector).not.toBeNull();
  return found as T;
}

function button(label: string): HTMLButtonElement {
  const buttons = [...sidebar.node.querySelectorAll('button')];
  const found = buttons.find(
    item =>
      item.getAttribute('aria-label') === label || item.textContent === label
  );
  expect(found, label).toBeDefined();
  return found as HTMLButtonElement;
}

const mainOf = (id: string): HTMLElement => find(`[data-job-main="${id}"]`);

function press(key: string): void {
  const event = new KeyboardEvent('keydown', { key, bubbles: true });
  document.activeElement?.dispatchEvent(event);
}

async function show(...jobs: IJob[]): Promise<void> {
  const ended = jobs.filter(job => job.finished_at !== null);
  api.jobs.mockResolvedValue(aPage({ items: ended, total: ended.length }));
  const status = aStatus({
    hosts: 2,
    slots: { total: 8, busy: 3 },
    gpus: { total: 2, busy: 1 }
  });
  api.socket.send(aSnapshot(jobs, 'e-0', status));
  await vi.waitFor(() => expect(text()).toContain('3\u00a0of\u00a08'));
  await vi.waitFor(() => expect(api.jobs).toHaveBeenCalled());
}

describe('Sidebar', () => {
  it('should connect when it is shown', () => {
    expect(api.sockets).toHaveLength(1);
  });

  it('should say what it waits for', async () => {
    await vi.waitFor(() => expect(text()).toContain('Starting the platform…'));
  });

  it('should tell hosts, slots and GPUs, and open the infrastructure', async () => {
    await show();

    const line = find<HTMLButtonElement>('.jp-Platform-hosts');
    line.click();

    const said = line.textContent?.replaceAll('\u00a0', ' ');
    expect(said).toContain('2 hosts · 3 of 8 slots busy · GPU 1/2');
    expect(executed).toEqual([[CommandIDs.openInfrastructure, {}]]);
  });

  it('should tell busy and idle by type of job', () => {
    const none = { running: 0, waiting: 0, hosts_busy: 0 };
    const types = {
      LEARN: { running: 2, waiting: 1, hosts_busy: 1 },
      EVALUATE: { running: 1, waiting: 0, hosts_busy: 1 },
      ACT: none
    };

    const said = kindSentence({ types, hosts_idle: 1 }, trans);

    expect(said.replaceAll('\u00a0', ' ')).toBe(
      'LEARN 2 busy, 1 waits · EVALUATE 1 busy · 1 host idle'
    );
    expect(kindSentence({ types: { ACT: none }, hosts_idle: 1 }, trans)).toBe(
      ''
    );
  });

  it('should say what to do when there is nothing yet', async () => {
    await show();
    await vi.waitFor(() => expect(text()).toContain('No jobs yet.'));

    button('Submit the first job').click();

    expect(executed).toEqual([[CommandIDs.submit, {}]]);
  });

  it('should fill no button but Submit', async () => {
    await show(aJob(), anEndedJob({ id: 'f' }));

    const filled = sidebar.node.querySelectorAll('.jp-mod-filled');

    expect([...filled].map(item => item.textContent)).toEqual(['Submit']);
  });

  it('should tell how far a running job is', async () => {
    const progress = aProgress({ step: 28400, total: 40000, remaining_s: 840 });

    await show(aJob({ name: 'resnet', progress }));

    expect(mainOf('j1').textContent).toContain('71 %');
    expect(mainOf('j1').textContent).toContain(
      'it 28,400/40,000 · loss 0.500 · 14 min left'
    );
    expect(mainOf('j1').getAttribute('aria-label')).toBe(
      'resnet, LEARN, running, 71 %'
    );
    const bar = find('[role=progressbar]');
    expect(bar.getAttribute('aria-valuenow')).toBe('71');
  });

  it('should show the whole sentence why a job waits', async () => {
    const reason = 'needs 2 GPUs on one host; likely at 14:20';

    await show(aJob({ state: 'queued', reason }));

    expect(mainOf('j1').textContent).toContain(reason);
  });

  it('should show names as they are written', async () => {
    const name = `<img src=x onerror=alert(1)>🚀${'x'.repeat(270)}`;

    await show(aJob({ name }));

    expect(find('.jp-Platform-job-name').textContent).toBe(name);
    expect(sidebar.node.querySelector('img')).toBeNull();
  });

  it('should give every state a shape and a word of its own', async () => {
    const states = [
      'queued',
      'starting',
      'running',
      'stopping',
      'paused',
      'unreachable',
      'finished',
      'stopped',
      'failed',
      'cancelled'
    ] as const;

    await show(
      ...states.map(state => {
        const over = ['finished', 'stopped', 'failed', 'cancelled'];
        const make = over.includes(state) ? anEndedJob : aJob;
        return make({ id: state, state });
      })
    );

    await vi.waitFor(() =>
      expect(sidebar.node.querySelectorAll('.jp-Platform-job')).toHaveLength(
        states.length
      )
    );
    const badges = [...sidebar.node.querySelectorAll('.jp-Platform-state')];
    const shapes = badges.map(badge => badge.querySelector('g')?.innerHTML);
    expect(new Set(shapes).size).toBe(states.length);
    expect(new Set(badges.map(badge => badge.textContent)).size).toBe(
      states.length
    );
  });

  it('should say in words how a job ended otherwise than well, and cut no value', async () => {
    await show(
      anEndedJob({ id: 'well' }),
      anEndedJob({
        id: 'stopped',
        state: 'stopped',
        progress: aProgress({ step: 700, total: 2000 })
      }),
      anEndedJob({ id: 'failed', state: 'failed' }),
      anEndedJob({ id: 'cancelled', state: 'cancelled', headline: null })
    );
    await vi.waitFor(() => mainOf('cancelled'));

    const said = ['well', 'stopped', 'failed', 'cancelled'].map(id => {
      const outcome = mainOf(id).querySelector('.jp-Platform-job-outcome');
      return [outcome?.textContent, outcome?.getAttribute('title')];
    });
    expect(said).toEqual([
      ['0.981', 'accuracy'],
      ['0.981', 'accuracy'],
      ['failed', 'failed'],
      ['cancelled', 'cancelled']
    ]);
    expect(
      mainOf('stopped').querySelector('.jp-Platform-job-detail')?.textContent
    ).toBe('stopped at it 700/2,000');
  });

  it('should draw the first of 10,000 that wait, and more when asked', async () => {
    const rows = (): number =>
      sidebar.node.querySelectorAll('.jp-Platform-job').length;
    const queue = Array.from({ length: 10_000 }, (_, number) =>
      aJob({ id: `w${number}`, state: 'queued', reason: 'its turn' })
    );

    await show(...queue);
    await vi.waitFor(() => expect(rows()).toBe(50));
    expect(text()).toContain('Waiting10,000');

    button('Show more (50 of 10,000)').click();
    await vi.waitFor(() => expect(rows()).toBe(100));
  });

  it('should show a job that was asked to stop as stopping', async () => {
    await show(aJob({ target: 'stop' }));

    expect(find('.jp-Platform-state').dataset.state).toBe('stopping');
    expect(sidebar.node.querySelector('[aria-label^="Stop…"]')).toBeNull();
  });

  it('should be one stop of the tab key, through which the arrows walk', async () => {
    await show(
      aJob({ id: 'r', submitted_at: '2026-11-22T06:00:00Z' }),
      aJob({ id: 'w', state: 'queued' }),
      anEndedJob({ id: 'f' })
    );
    await vi.waitFor(() => mainOf('f'));
    const stops = (): string[] =>
      [...sidebar.node.querySelectorAll<HTMLElement>('[data-job-main]')]
        .filter(item => item.tabIndex === 0)
        .map(item => item.dataset.jobMain ?? '');
    expect(stops()).toEqual(['r']);

    mainOf('r').focus();
    press('ArrowDown');
    expect(document.activeElement).toBe(mainOf('w'));
    press('End');
    expect(document.activeElement).toBe(mainOf('f'));
    press('ArrowDown');
    expect(document.activeElement).toBe(mainOf('f'));

    await vi.waitFor(() => expect(stops()).toEqual(['f']));
    expect(model.selected).toBe('f');
    press('ArrowRight');
    expect(document.activeElement?.getAttribute('aria-label')).toBe(
      'More actions: lenet-digits'
    );
  });

  it('should stop by the delete key what lives, and delete what has ended', async () => {
    await show(aJob({ id: 'r' }), anEndedJob({ id: 'f' }));
    await vi.waitFor(() => mainOf('f'));

    mainOf('r').focus();
    press('Delete');
    mainOf('f').focus();
    press('Delete');

    expect(executed).toEqual([
      [CommandIDs.stopJob, { job: 'r' }],
      [CommandIDs.deleteJob, { job: 'f' }]
    ]);
  });

  it('should open a job by its row and resubmit a failed one', async () => {
    const error = {
      type: 'OutOfMemory',
      message: 'Killed.',
      traceback: null,
      log_tail: null
    };
    await show(anEndedJob({ id: 'f', name: 'bad', state: 'failed', error }));
    await vi.waitFor(() => mainOf('f'));

    mainOf('f').click();
    button('Resubmit…: bad').click();

    expect(mainOf('f').textContent).toContain('out of memory');
    expect(executed).toEqual([
      [CommandIDs.openJob, { job: 'f' }],
      [CommandIDs.resubmitJob, { job: 'f' }]
    ]);
  });

  it('should say that the connection was lost and keep the jobs in sight', async () => {
    await show(aJob());

    api.socket.lose();
    await vi.waitFor(() => expect(text()).toContain('Connection lost.'));
    button('Try now').click();

    expect(find('.jp-Platform-job')).toBeTruthy();
    expect(executed).toEqual([[CommandIDs.reconnect, {}]]);
  });

  it('should read changes aloud', async () => {
    await show(aJob({ name: 'lenet' }));

    const job = anEndedJob({ name: 'lenet' });
    api.socket.send({ type: 'job', event: 'e-1', job });

    await vi.waitFor(
      () =>
        expect(find('[aria-live=polite]').textContent).toBe('lenet: finished.'),
      { timeout: 3000 }
    );
  });

  it('should not paint while it is hidden', async () => {
    await show(aJob({ name: 'before' }));
    sidebar.hide();
    await vi.waitFor(() => expect(sidebar.isVisible).toBe(false));
    const painted = vi.fn();
    const changed = new Promise<void>(resolve => {
      model.changed.connect(() => resolve());
    });
    await Promise.resolve();
    const observer = new MutationObserver(painted);
    await vi.waitFor(() => expect(text()).toContain('before'));
    observer.observe(sidebar.node, { subtree: true, characterData: true });

    const job = aJob({ name: 'after' });
    api.socket.send({ type: 'job', event: 'e-1', job });
    await changed;
    await new Promise(resolve => setTimeout(resolve));

    expect(painted).not.toHaveBeenCalled();
    observer.disconnect();
    sidebar.show();
    await vi.waitFor(() => expect(text()).toContain('after'));
  });
});
