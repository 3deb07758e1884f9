import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { PlatformError } from '../../request';
import type { IStatus } from '../../wire';
import { PlatformModel, REPAINT_MS } from '../platform';
import { FIRST_DELAY_MS, LONGEST_DELAY_MS, SILENT_MS } from '../stream';
import { countWaiting } from '../state';
import { FakeApi, aPage, setHidden, useFakeClock } from './fakes';
import {
  aHost,
  aJob,
  aNotification,
  aProgress,
  aSnapshot,
  aStatus,
  anEndedJob
} from './records';

const trans = nullTranslator.load('');
let api: FakeApi;
let model: PlatformModel;

beforeEach(() => {
  useFakeClock();
  api = new FakeApi();
  model = new PlatformModel(api, trans);
});

afterEach(() => {
  model.dispose();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function goLive(...jobs: Parameters<typeof aJob>[0][]): void {
  model.connect();
  api.socket.accept();
  api.socket.send(aSnapshot(jobs.map(aJob)));
}

describe('PlatformModel', () => {
  describe('#connect()', () => {
    it('should open one socket, however often it is asked', () => {
      model.connect();
      model.connect();

      expect(api.sockets).toHaveLength(1);
      expect(model.connection.phase).toBe('connecting');
    });

    it('should be live once it knows the state', () => {
      goLive({ id: 'x' });

      expect(model.connection).toEqual({ phase: 'live', message: null });
      expect(model.state.jobs.has('x')).toBe(true);
    });

    it('should say why the platform cannot be started', async () => {
      const reason = 'The home lies on a network file system.';
      api.status.mockRejectedValue(new PlatformError(reason, 'store', 500));
      model.connect();

      api.socket.lose();
      await vi.advanceTimersByTimeAsync(0);

      expect(model.connection).toEqual({
        phase: 'connecting',
        message: reason
      });
    });
  });

  describe('#changed', () => {
    it('should come at most four times a second, and not lose the last change', () => {
      goLive({ id: 'j1' });
      vi.advanceTimersByTime(1000);
      const steps: (number | undefined)[] = [];
      model.changed.connect(() =>
        steps.push(model.state.jobs.get('j1')?.progress?.step)
      );

      for (let step = 1; step <= 100; step++) {
        const progress = { j1: aProgress({ step }) };
        api.socket.send({ type: 'progress', event: `e-${step}`, progress });
        vi.advanceTimersByTime(10);
      }
      vi.advanceTimersByTime(REPAINT_MS);

      expect(steps.length).toBeGreaterThan(2);
      expect(steps.length).toBeLessThanOrEqual(6);
      expect(steps[steps.length - 1]).toBe(100);
    });

    it('should be silent while the page is hidden, and catch up after', () => {
      goLive({ id: 'j1' });
      vi.advanceTimersByTime(1000);
      const changed = vi.fn();
      const transition = vi.fn();
      model.changed.connect(changed);
      model.jobTransition.connect(transition);

      setHidden(true);
      api.socket.send({ type: 'job', event: 'e-1', job: anEndedJob() });
      vi.advanceTimersByTime(10_000);

      expect(changed).not.toHaveBeenCalled();
      expect(transition).toHaveBeenCalledTimes(1);

      setHidden(false);

      expect(changed).toHaveBeenCalledTimes(1);
    });
  });

  describe('#readWaiting()', () => {
    const waiting = (count: number, first = 0): ReturnType<typeof aJob>[] =>
      Array.from({ length: count }, (_, at) =>
        aJob({
          id: `w${first + at}`,
          state: 'queued',
          submitted_at: new Date(1.8e12 + 1000 * (first + at)).toISOString()
        })
      );

    function goLiveWith(known: number, total: number): void {
      model.connect();
      api.socket.accept();
      const status = aStatus({ queued: total });
      const snapshot = aSnapshot(waiting(known), 'e-0', status);
      api.socket.send({ ...snapshot, waiting: total } as typeof snapshot);
    }

    it('should count all that wait, and read them page by page', async () => {
      goLiveWith(100, 10_000);
      api.jobs.mockResolvedValue(
        aPage({ items: waiting(100, 100), total: 10_000, offset: 100 })
      );

      expect(countWaiting(model.state)).toBe(10_000);
      await model.readWaiting();

      expect(api.jobs).toHaveBeenCalledWith({
        state: ['queued', 'paused'],
        offset: 100,
        limit: 100,
        order: 'oldest'
      });
      expect(model.state.jobs.size).toBe(200);
    });

    it('should leave out what comes behind those that are known, and take the rest', () => {
      goLiveWith(100, 10_000);

      const [late] = waiting(1, 10_000);
      api.socket.send({ type: 'job', event: 'e-1', job: late });
      const begun = aJob({ ...late, state: 'running' });
      expect(model.state.jobs.has(late.id)).toBe(false);
      api.socket.send({ type: 'job', event: 'e-2', job: begun });

      expect(model.state.jobs.get(late.id)?.state).toBe('running');
    });

    it('should not take jobs for deleted that a later snapshot does not reach', async () => {
      goLiveWith(100, 200);
      api.jobs.mockResolvedValue(
        aPage({ items: waiting(100, 100), total: 200, offset: 100 })
      );
      await model.readWaiting();
      const transition = vi.fn();
      model.jobTransition.connect(transition);

      const snapshot = aSnapshot(waiting(100), 'f-0', aStatus({ queued: 200 }));
      api.socket.send({ ...snapshot, waiting: 200 } as typeof snapshot);

      expect(transition).not.toHaveBeenCalled();
    });

    it('should read on before the jobs that are known have all begun', () => {
      goLiveWith(50, 10_000);

      const [first] = waiting(1);
      const job = { ...first, state: 'running' as const };
      api.socket.send({ type: 'job', event: 'e-1', job });

      expect(api.jobs).toHaveBeenCalledTimes(1);
    });

    it('should take reasons of jobs that wait', () => {
      goLiveWith(2, 2);

      const reasons = { w0: 'waits for a GPU', gone: 'waits' };
      api.socket.send({ type: 'reasons', event: 'e-1', reasons });

      expect(model.state.jobs.get('w0')?.reason).toBe('waits for a GPU');
      expect(model.state.jobs.size).toBe(2);
    });
  });

  describe('connection', () => {
    it('should resume after the last event, with growing delays', () => {
      api.status.mockRejectedValue(new Error('Not there.'));
      goLive();
      api.socket.send({ type: 'job', event: 'e-7', job: aJob() });

      api.socket.lose();
      expect(model.connection.phase).toBe('reconnecting');
      vi.advanceTimersByTime(FIRST_DELAY_MS * 1.25);

      expect(api.sockets).toHaveLength(2);
      expect(api.socket.after).toBe('e-7');

      api.socket.lose();
      vi.advanceTimersByTime(FIRST_DELAY_MS * 1.4);
      expect(api.sockets).toHaveLength(2);
      vi.advanceTimersByTime(FIRST_DELAY_MS * 1.2);
      expect(api.sockets).toHaveLength(3);
    });

    it('should say that the platform was taken down, and look on until somebody starts it', async () => {
      const error = new PlatformError('Taken down.', 'taken_down', 503);
      api.status.mockRejectedValue(error);
      const start = vi.spyOn(api, 'start').mockResolvedValue(undefined);
      goLive();
      api.socket.lose();
      await vi.advanceTimersByTimeAsync(0);
      const down = { phase: 'down', message: 'The platform is down.' };
      expect(model.connection).toEqual(down);

      await vi.advanceTimersByTimeAsync(FIRST_DELAY_MS * 1.25);
      api.socket.lose();
      await vi.advanceTimersByTimeAsync(0);
      expect(model.connection).toEqual(down);
      expect(start).not.toHaveBeenCalled();

      await model.start();
      api.socket.accept();
      api.socket.send(aSnapshot([]));
      expect(start).toHaveBeenCalledTimes(1);
      expect(model.connection.phase).toBe('live');
    });

    it('should not wait on when the platform is known to be back', async () => {
      api.status.mockRejectedValue(new Error('Not there.'));
      goLive();
      for (let lost = 0; lost < 8; lost++) {
        api.socket.lose();
        vi.advanceTimersByTime(LONGEST_DELAY_MS * 1.25);
      }
      const { length } = api.sockets;
      let answer: (status: IStatus) => void = () => undefined;
      api.status.mockImplementation(
        () => new Promise(resolve => (answer = resolve))
      );

      api.socket.lose();
      await vi.advanceTimersByTimeAsync(2000);
      expect(api.sockets).toHaveLength(length);
      answer(aStatus());
      await vi.advanceTimersByTimeAsync(FIRST_DELAY_MS);

      expect(api.sockets).toHaveLength(length + 1);
    });

    it('should show the last state meanwhile, and be live when the socket opens', () => {
      goLive({ id: 'x' });

      api.socket.lose();
      expect(model.state.jobs.has('x')).toBe(true);
      vi.advanceTimersByTime(FIRST_DELAY_MS * 1.25);
      api.socket.accept();

      expect(model.connection.phase).toBe('live');
    });

    it('should never wait longer than the longest delay', () => {
      goLive();
      for (let lost = 0; lost < 12; lost++) {
        const { length } = api.sockets;
        api.socket.lose();
        vi.advanceTimersByTime(LONGEST_DELAY_MS * 1.25);
        expect(api.sockets).toHaveLength(length + 1);
      }
    });

    it('should connect at once when the network is back', () => {
      goLive();
      api.socket.lose();

      window.dispatchEvent(new Event('online'));

      expect(api.sockets).toHaveLength(2);
    });

    it('should not trust a socket that was open while the machine slept', () => {
      goLive();
      const asleep = api.socket;

      vi.setSystemTime(Date.now() + 3_600_000);
      vi.advanceTimersByTime(5_000);

      expect(asleep.closed).toBe(true);
      expect(api.sockets).toHaveLength(2);
      expect(api.socket.after).toBe('e-0');
    });

    it('should leave a socket alone while it is heard and the clock runs as it should', () => {
      goLive();

      for (let message = 1; message <= 20; message++) {
        vi.advanceTimersByTime(SILENT_MS / 2);
        const event = `e-${message}`;
        api.socket.send({ type: 'host', event, host: aHost() });
      }

      expect(api.sockets).toHaveLength(1);
    });

    it('should give up a socket that nobody closed but that has fallen silent', () => {
      goLive();
      const dead = api.socket;

      vi.advanceTimersByTime(SILENT_MS + 6_000);

      expect(dead.closed).toBe(true);
      expect(api.sockets).toHaveLength(2);
      expect(api.socket.after).toBe('e-0');
    });

    it('should let go of the socket while hidden when told so', () => {
      goLive();
      model.listensWhileHidden = false;

      setHidden(true);
      expect(api.socket.closed).toBe(true);
      setHidden(false);

      expect(api.sockets).toHaveLength(2);
      expect(api.socket.after).toBe('e-0');
    });
  });

  describe('#jobTransition', () => {
    it('should tell what happened before a new snapshot', () => {
      goLive({ id: 'x' });
      const told: string[] = [];
      model.jobTransition.connect((_, { job, from, to }) =>
        told.push(`${job.id} ${from} ${to}`)
      );

      api.socket.lose();
      vi.advanceTimersByTime(FIRST_DELAY_MS * 1.25);
      api.socket.send(aSnapshot([anEndedJob({ id: 'x' })], 'other-0'));

      expect(told).toEqual(['x running finished']);
    });
  });

  describe('#notified', () => {
    it('should tell each notification once', () => {
      goLive();
      const told = vi.fn();
      model.notified.connect(told);
      const notification = aNotification({ id: 5 });

      api.socket.send({ type: 'notification', event: 'e-1', notification });
      api.socket.send({ type: 'notification', event: 'e-1', notification });

      expect(told).toHaveBeenCalledTimes(1);
    });
  });

  describe('#job()', () => {
    it('should prefer what is live and remember what was read', () => {
      goLive({ id: 'x' });
      model.remember([anEndedJob({ id: 'x' }), anEndedJob({ id: 'old' })]);

      expect(model.job('x')?.state).toBe('running');
      expect(model.job('old')?.state).toBe('finished');

      api.socket.send({
        type: 'job_deleted',
        event: 'e-1',
        job_deleted: 'old'
      });

      expect(model.job('old')).toBeUndefined();
    });
  });

  describe('#trend()', () => {
    it('should put what is live behind the past, and stay short', async () => {
      const mean = [1, null, 0.8];
      const rest = {
        step: [],
        time: [],
        min: [],
        max: [],
        points: 3,
        nonfinite: 1,
        damaged: 0,
        rank: 0
      };
      api.metrics.mockResolvedValue({
        series: { loss: { ...rest, mean } }
      });
      goLive({ id: 'j1', progress: null });
      model.trend('j1');
      expect(api.metrics).not.toHaveBeenCalled();
      const first = { j1: aProgress({ step: 0 }) };
      api.socket.send({ type: 'progress', event: 'e-0', progress: first });

      model.trend('j1');
      await vi.advanceTimersByTimeAsync(0);
      for (let step = 1; step <= 500; step++) {
        const values = { loss: step === 3 ? null : 0.8 - step / 1000 };
        const progress = { j1: aProgress({ step, values }) };
        api.socket.send({ type: 'progress', event: `e-${step}`, progress });
      }

      const trend = model.trend('j1');
      expect(api.metrics).toHaveBeenCalledTimes(1);
      expect(trend.length).toBeGreaterThan(20);
      expect(trend.length).toBeLessThanOrEqual(60);
      expect(trend[0]).toBeGreaterThan(trend[trend.length - 1]);
      expect(trend.every(Number.isFinite)).toBe(true);
    });
  });
});
