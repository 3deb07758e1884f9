import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { PlatformError } from '../../request';
import type { Options } from '../option-text';
import { READ_DELAY_MS } from '../option-reader';
import { PlatformModel } from '../platform';
import { CHECK_DELAY_MS, SubmitForm } from '../submit-form';
import { aCheck, aSchema, aSweep, anOption } from './catalogue';
import { FakeApi, useFakeClock } from './fakes';
import { aJob } from './records';

const trans = nullTranslator.load('');

class FormApi extends FakeApi {
  override check = vi.fn<FakeApi['check']>(() => Promise.resolve(aCheck()));
  override submit = vi.fn<FakeApi['submit']>(() => Promise.resolve(aJob()));
  override submitSweep = vi.fn<FakeApi['submitSweep']>(() =>
    Promise.resolve(aSweep({ id: 'a1', name: 'lenet-digits-digits' }))
  );
  override networks = vi.fn(() => Promise.resolve([]));
  override datasets = vi.fn(() => Promise.resolve([]));
  override optionSchema = vi.fn(() =>
    Promise.resolve(aSchema({ batch_size: anOption() }))
  );
}

let api: FormApi;
let model: PlatformModel;
let form: SubmitForm;

beforeEach(() => {
  useFakeClock();
  api = new FormApi();
  model = new PlatformModel(api, trans);
});

afterEach(() => {
  form.dispose();
  model.dispose();
  vi.useRealTimers();
});

async function open(options: Options): Promise<void> {
  const start = { network: 'lenet-digits', dataset: 'digits', options };
  form = new SubmitForm(model, trans, start);
  await vi.advanceTimersByTimeAsync(READ_DELAY_MS + CHECK_DELAY_MS + 10);
}

describe('SubmitForm with several values of an option', () => {
  const options = new Map([
    ['batch_size', '[8, 16]'],
    ['method', 'SGD']
  ]);

  it('should ask about the first job, and submit all as a sweep', async () => {
    await open(options);
    const swept = vi.fn();
    form.swept.connect((_, sweep) => void swept(sweep));

    expect(api.check.mock.lastCall?.[0].options).toEqual({
      batch_size: '8',
      method: 'SGD'
    });
    expect(form.sweep?.jobs).toBe(2);

    await form.submit();

    expect(api.submit).not.toHaveBeenCalled();
    expect(api.submitSweep.mock.lastCall?.[0]).toEqual({
      submission: {
        type: 'LEARN',
        networks: ['lenet-digits'],
        dataset: 'digits',
        options: { method: 'SGD' }
      },
      dimensions: { batch_size: ['8', '16'] },
      method: 'grid',
      trials: undefined
    });
    expect(swept).toHaveBeenCalledWith(
      aSweep({ id: 'a1', name: 'lenet-digits-digits' })
    );
    expect(form.view.submitting).toBe(false);
  });

  it('should send again what got no answer under its key, and anything else under another', async () => {
    await open(options);
    const lost = new PlatformError('No answer.', 'unavailable', 503);
    api.submitSweep.mockRejectedValueOnce(lost).mockRejectedValueOnce(lost);
    await form.submit();
    await form.submit();
    form.setOption('batch_size', '[8, 32]');
    await form.submit();
    await form.submit();

    const keys = api.submitSweep.mock.calls.map(([, key]) => key);
    expect(keys[0]).toBeTruthy();
    expect(keys[1]).toBe(keys[0]);
    expect(new Set(keys.slice(1)).size).toBe(3);
  });

  it('should keep all values when names are put into our spelling', async () => {
    api.check.mockResolvedValue(aCheck({ given: { batch_size: 8 } }));
    await open(new Map([['batchSize', '[8, 16]']]));

    expect(form.text).toBe("batchSize='[8, 16]'");
    expect(form.sweep?.dimensions).toEqual({ batchSize: ['8', '16'] });
  });

  it('should say what is wrong with a range before it is sent', async () => {
    await open(new Map([['batch_size', '[9..1]']]));

    expect(form.view.errors).toMatchObject([{ field: 'batch_size' }]);
    await form.submit();
    expect(api.submitSweep).not.toHaveBeenCalled();
  });

  it('should say what the platform has against the way of searching', async () => {
    await open(options);
    const about = { field: 'method', value: 'hyperband', message: 'No.' };
    api.submitSweep.mockRejectedValue(
      new PlatformError('No.', 'invalid_options', 422, [
        { ...about, accepted: null, nearest: null }
      ])
    );
    form.change({ search: 'hyperband' });
    await form.submit();

    expect(form.view.errors).toMatchObject([{ field: 'search' }]);
    expect(form.view.submitting).toBe(false);
  });
});
