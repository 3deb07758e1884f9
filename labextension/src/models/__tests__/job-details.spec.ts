import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { PlatformError } from '../../request';
import { JobDetails } from '../job-details';
import { PlatformModel } from '../platform';
import { FIRST_DELAY_MS } from '../stream';
import { FakeApi, useFakeClock } from './fakes';
import { aJob, aProgress, aSnapshot, anEndedJob } from './records';

let api: FakeApi;
let model: PlatformModel;
let details: JobDetails | null = null;

beforeEach(() => {
  useFakeClock();
  api = new FakeApi();
  model = new PlatformModel(api, nullTranslator.load(''));
});

afterEach(() => {
  details?.dispose();
  model.dispose();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function open(id = 'j1'): Promise<JobDetails> {
  details = new JobDetails(model, id);
  api.socket.accept();
  await vi.advanceTimersByTimeAsync(300);
  return details;
}

describe('JobDetails', () => {
  it('should read a job that the live model does not hold', async () => {
    const old = anEndedJob({ id: 'old', result: { accuracy: 1 } });
    vi.spyOn(api, 'job').mockResolvedValue(old);

    const { view } = await open('old');

    expect(view).toEqual({ job: old, gone: false, error: null });
    expect(model.job('old')).toBe(old);
  });

  it('should know the whole id of a job that was named by its beginning', async () => {
    vi.spyOn(api, 'job').mockResolvedValue(anEndedJob({ id: 'abcdef' }));

    expect((await open('abcd')).id).toBe('abcdef');
  });

  it('should follow a running job and read its result when it ends', async () => {
    const read = vi.spyOn(api, 'job').mockResolvedValue(aJob());
    const job = await open();
    api.socket.send(aSnapshot([aJob()]));
    await vi.advanceTimersByTimeAsync(300);
    read.mockClear();

    const progress = { j1: aProgress({ step: 7 }) };
    api.socket.send({ type: 'progress', event: 'e-1', progress });
    await vi.advanceTimersByTimeAsync(300);
    expect(job.view.job?.progress?.step).toBe(7);
    expect(read).not.toHaveBeenCalled();

    read.mockResolvedValue(anEndedJob({ result: { loss: 1 } }));
    api.socket.send({ type: 'job', event: 'e-2', job: anEndedJob() });
    await vi.advanceTimersByTimeAsync(300);

    expect(read).toHaveBeenCalledTimes(1);
    expect(job.view.job?.result).toEqual({ loss: 1 });
  });

  it('should keep the result when the record comes without it', async () => {
    const result = { accuracy: 0.9 };
    vi.spyOn(api, 'job').mockResolvedValue(anEndedJob({ result }));
    const job = await open();

    api.socket.send(aSnapshot([anEndedJob()]));
    await vi.advanceTimersByTimeAsync(300);

    expect(job.view.job?.result).toEqual(result);
  });

  it('should be gone when the job is deleted, here or elsewhere', async () => {
    vi.spyOn(api, 'job').mockResolvedValue(anEndedJob());
    const job = await open();
    api.socket.send(aSnapshot([]));

    api.socket.send({ type: 'job_deleted', event: 'e-1', job_deleted: 'j1' });

    expect(job.view.gone).toBe(true);
    expect(job.view.job?.name).toBe('lenet-digits');
  });

  it('should be gone when there is no such job', async () => {
    const missing = new PlatformError('No job.', 'not_found', 404);
    vi.spyOn(api, 'job').mockRejectedValue(missing);

    expect((await open()).view).toMatchObject({ gone: true, error: null });
  });

  it('should say what is wrong, and try again when the platform is there once more', async () => {
    const read = vi
      .spyOn(api, 'job')
      .mockRejectedValue(new PlatformError('Not started.', 'starting', 503));
    const job = await open();
    expect(job.view.error).toBe('Not started.');

    read.mockResolvedValue(anEndedJob());
    api.socket.send(aSnapshot([], 'second-0'));
    await vi.advanceTimersByTimeAsync(300);

    expect(job.view).toMatchObject({ error: null, gone: false });
  });

  it('should find out what happened while the connection was lost', async () => {
    const read = vi.spyOn(api, 'job').mockResolvedValue(aJob());
    const job = await open();
    api.socket.send(aSnapshot([aJob()], 'first-0'));
    await vi.advanceTimersByTimeAsync(300);

    read.mockRejectedValue(new PlatformError('No job.', 'not_found', 404));
    api.socket.lose();
    await vi.advanceTimersByTimeAsync(FIRST_DELAY_MS * 1.25);
    api.socket.accept();
    api.socket.send(aSnapshot([], 'second-0'));
    await vi.advanceTimersByTimeAsync(300);

    expect(job.view.gone).toBe(true);
  });
});
