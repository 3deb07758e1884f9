import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Attention } from '../attention';
import { PlatformModel } from '../platform';
import { FakeApi, useFakeClock } from './fakes';
import { aSnapshot, anEndedJob } from './records';

let api: FakeApi;
let model: PlatformModel;
const save = vi.fn();

beforeEach(() => {
  useFakeClock();
  vi.setSystemTime('2026-11-22T06:00:00Z');
  save.mockReset();
  api = new FakeApi();
  model = new PlatformModel(api, nullTranslator.load(''));
  model.connect();
});

afterEach(() => {
  model.dispose();
  vi.useRealTimers();
});

async function attention(seen: string | null): Promise<Attention> {
  const watcher = new Attention(model, {
    load: () => Promise.resolve(seen),
    save
  });
  await vi.advanceTimersByTimeAsync(0);
  return watcher;
}

function fail(finished_at: string): void {
  const job = anEndedJob({ id: finished_at, state: 'failed', finished_at });
  api.socket.send({ type: 'job', event: 'e-1', job });
  vi.advanceTimersByTime(1000);
}

describe('Attention', () => {
  it('should count what failed since the last look', async () => {
    const watcher = await attention('2026-11-22T05:30:00Z');
    api.socket.send(aSnapshot());

    fail('2026-11-22T05:00:00Z');
    fail('2026-11-22T05:45:00Z');

    expect(watcher.failures).toBe(1);
  });

  it('should hold old failures for no news on the first visit', async () => {
    const watcher = await attention(null);

    fail('2026-11-22T05:45:00Z');

    expect(watcher.failures).toBe(0);
  });

  it('should be at ease once the person has looked', async () => {
    const watcher = await attention('2026-11-22T05:30:00Z');
    fail('2026-11-22T05:45:00Z');

    watcher.setLooking(true);

    expect(watcher.failures).toBe(0);
    expect(save).toHaveBeenCalledWith('2026-11-22T05:45:00Z');

    watcher.setLooking(false);
    fail('2026-11-22T05:50:00Z');

    expect(watcher.failures).toBe(1);
  });

  it('should not call for what fails under the eyes of the person', async () => {
    const watcher = await attention('2026-11-22T05:30:00Z');
    watcher.setLooking(true);

    fail('2026-11-22T05:45:00Z');

    expect(watcher.failures).toBe(0);
  });
});
