import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { JobHistory, PAGE_SIZE, SEARCH_DELAY_MS } from '../history';
import { PlatformModel } from '../platform';
import { FakeApi, aPage, useFakeClock } from './fakes';
import { aJob, aSnapshot, anEndedJob } from './records';

let api: FakeApi;
let model: PlatformModel;
let history: JobHistory;

beforeEach(() => {
  useFakeClock();
  api = new FakeApi();
  model = new PlatformModel(api, nullTranslator.load(''));
  history = new JobHistory(model);
});

afterEach(() => {
  history.dispose();
  model.dispose();
  vi.useRealTimers();
});

/** Ended jobs, the newest first. */
function past(count: number, from = 0): ReturnType<typeof anEndedJob>[] {
  return Array.from({ length: count }, (_, index) =>
    anEndedJob({
      id: `p${from + index}`,
      submitted_at: new Date(1.7e12 - (from + index) * 1000).toISOString()
    })
  );
}

async function goLive(...jobs: ReturnType<typeof aJob>[]): Promise<void> {
  model.connect();
  api.socket.send(aSnapshot(jobs));
  await vi.advanceTimersByTimeAsync(1000);
}

describe('JobHistory', () => {
  it('should read the first page when the platform is there', async () => {
    api.jobs.mockResolvedValue(aPage({ items: past(PAGE_SIZE), total: 10000 }));

    await goLive();

    expect(api.jobs).toHaveBeenCalledTimes(1);
    expect(history.view.items).toHaveLength(PAGE_SIZE);
    expect(history.view.total).toBe(10000);
    expect(history.view.loading).toBe(false);
  });

  it('should add the next page behind the first', async () => {
    api.jobs.mockResolvedValueOnce(aPage({ items: past(50), total: 60 }));
    api.jobs.mockResolvedValueOnce(aPage({ items: past(10, 50), total: 60 }));
    await goLive();

    history.more();
    await vi.advanceTimersByTimeAsync(0);

    expect(api.jobs.mock.lastCall?.[0]).toMatchObject({ offset: 50 });
    expect(history.view.items.map(job => job.id)).toEqual(
      past(60).map(job => job.id)
    );
  });

  it('should search once, after the typing', async () => {
    await goLive();
    api.jobs.mockClear();

    for (const search of ['l', 'le', 'len']) {
      history.setSearch(search);
      await vi.advanceTimersByTimeAsync(SEARCH_DELAY_MS / 2);
    }
    await vi.advanceTimersByTimeAsync(SEARCH_DELAY_MS);

    expect(api.jobs).toHaveBeenCalledTimes(1);
    expect(api.jobs.mock.lastCall?.[0]).toMatchObject({
      search: 'len',
      offset: 0
    });
  });

  it('should show what matches the last question, whichever answer comes last', async () => {
    api.jobs.mockResolvedValue(aPage({ items: past(3), total: 3 }));
    await goLive();
    let answerFirst: (page: ReturnType<typeof aPage>) => void = () => undefined;
    api.jobs.mockImplementationOnce(
      (_, signal) =>
        new Promise((resolve, reject) => {
          answerFirst = resolve;
          signal?.addEventListener('abort', () =>
            reject(new DOMException('aborted', 'AbortError'))
          );
        })
    );
    api.jobs.mockResolvedValueOnce(aPage({ items: past(1), total: 1 }));

    history.setFilter('failed');
    await vi.advanceTimersByTimeAsync(0);
    history.setFilter('all');
    await vi.advanceTimersByTimeAsync(0);
    answerFirst(aPage({ items: past(2), total: 2 }));
    await vi.advanceTimersByTimeAsync(0);

    expect(history.view.items).toHaveLength(1);
    expect(history.view.total).toBe(1);
    expect(history.view.error).toBeNull();
  });

  it('should show a job that has just ended', async () => {
    await goLive(aJob({ id: 'x' }));
    const items = [anEndedJob({ id: 'x' })];
    api.jobs.mockResolvedValue(aPage({ items, total: 1 }));

    api.socket.send({ type: 'job', event: 'e-1', job: items[0] });
    await vi.advanceTimersByTimeAsync(1000);

    expect(history.view.items.map(job => job.id)).toEqual(['x']);
  });

  it('should drop a job that was deleted elsewhere', async () => {
    api.jobs.mockResolvedValue(aPage({ items: past(2), total: 2 }));
    await goLive();

    api.socket.send({ type: 'job_deleted', event: 'e-1', job_deleted: 'p0' });

    expect(history.view.items.map(job => job.id)).toEqual(['p1']);
    expect(history.view.total).toBe(1);
  });

  it('should keep what is there when reading fails, and say so', async () => {
    api.jobs.mockResolvedValueOnce(aPage({ items: past(50), total: 60 }));
    api.jobs.mockRejectedValueOnce(new Error('The server does not answer.'));
    await goLive();

    history.more();
    await vi.advanceTimersByTimeAsync(0);

    expect(history.view.items).toHaveLength(50);
    expect(history.view.error).toBe('The server does not answer.');
    expect(history.view.loading).toBe(false);
  });
});
