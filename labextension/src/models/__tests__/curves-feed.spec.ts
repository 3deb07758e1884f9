import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { PlatformError } from '../../request';
import type { IMetrics } from '../../wire';
import { CurvesFeed, READ_MS } from '../curves-feed';
import { FakeApi, useFakeClock } from './fakes';
import { somePoints } from './records';

let api: FakeApi;
let feed: CurvesFeed;

beforeEach(() => {
  useFakeClock();
  api = new FakeApi();
  feed = new CurvesFeed(api, 'j1');
});

afterEach(() => {
  feed.dispose();
  vi.useRealTimers();
});

describe('CurvesFeed', () => {
  it('should read nothing before it knows the width of the plot', () => {
    feed.touch();
    vi.advanceTimersByTime(10 * READ_MS);

    expect(api.metrics).not.toHaveBeenCalled();
  });

  it('should ask for as many points as there are pixels', () => {
    feed.setWidth(730);
    feed.setWidth(745);
    feed.setWidth(1100);

    const buckets = api.metrics.mock.calls.map(([, query]) => query?.buckets);
    expect(buckets).toEqual([800, 1100]);
  });

  it('should read once a second at most, however often something is new', async () => {
    feed.setWidth(500);
    for (let time = 0; time < 5 * READ_MS; time += 100) {
      feed.touch();
      await vi.advanceTimersByTimeAsync(100);
    }

    expect(api.metrics.mock.calls.length).toBeGreaterThanOrEqual(5);
    expect(api.metrics.mock.calls.length).toBeLessThanOrEqual(6);
  });

  it('should wait for a slow answer instead of asking again and again', async () => {
    let answer: (metrics: IMetrics) => void = () => undefined;
    api.metrics.mockImplementation(
      () => new Promise(resolve => (answer = resolve))
    );
    feed.setWidth(500);
    feed.touch();
    await vi.advanceTimersByTimeAsync(5 * READ_MS);
    feed.touch();
    await vi.advanceTimersByTimeAsync(READ_MS);
    expect(api.metrics).toHaveBeenCalledTimes(1);

    answer({ series: { loss: somePoints([1]) } });
    await vi.advanceTimersByTimeAsync(READ_MS);

    expect(feed.view.metrics?.series).toHaveProperty('loss');
    expect(api.metrics).toHaveBeenCalledTimes(2);
  });

  it('should read the window that is zoomed into at once, and forget the answer for the old one', () => {
    const signals: (AbortSignal | undefined)[] = [];
    api.metrics.mockImplementation((_id, _query, signal) => {
      signals.push(signal);
      return Promise.resolve({ series: {} });
    });
    feed.setWidth(500);
    feed.setWindow({ start: 100, stop: 201 });

    expect(api.metrics.mock.calls[1][1]).toEqual({
      buckets: 500,
      start: 100,
      stop: 201
    });
    expect(signals.map(signal => signal?.aborted)).toEqual([true, false]);
  });

  it('should keep the curves and say why they are not read any more', async () => {
    api.metrics.mockResolvedValueOnce({ series: { loss: somePoints([1]) } });
    feed.setWidth(500);
    await vi.advanceTimersByTimeAsync(0);
    api.metrics.mockRejectedValueOnce(new PlatformError('Gone.', 'x', 503));
    feed.touch();
    await vi.advanceTimersByTimeAsync(READ_MS);

    expect(feed.view.error).toBe('Gone.');
    expect(feed.view.metrics?.series).toHaveProperty('loss');

    feed.touch();
    await vi.advanceTimersByTimeAsync(READ_MS);
    expect(feed.view.error).toBeNull();
  });

  it('should show a series that appears late', async () => {
    feed.setWidth(500);
    await vi.advanceTimersByTimeAsync(0);
    api.metrics.mockResolvedValueOnce({
      series: { validation_loss: somePoints([1]) }
    });
    feed.touch();
    await vi.advanceTimersByTimeAsync(READ_MS);

    expect(Object.keys(feed.view.metrics?.series ?? {})).toEqual([
      'validation_loss'
    ]);
  });
});
