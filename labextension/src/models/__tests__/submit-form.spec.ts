import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { PlatformError } from '../../request';
import type { IFieldError, IOptionSchema, JobType } from '../../wire';
import { applicableOptions, rolesOf } from '../applicable';
import { packEntries, unpackEntries } from '../entries';
import { PlatformModel } from '../platform';
import { READ_DELAY_MS } from '../option-reader';
import { CHECK_DELAY_MS, SubmitForm } from '../submit-form';
import type { IFormStart } from '../form-view';
import { aCheck, aNetwork, aSchema, aStrategy, anOption } from './catalogue';
import { FakeApi, useFakeClock } from './fakes';
import { aJob } from './records';

const trans = nullTranslator.load('');

const CHECK = aCheck({ options: { method: 'SGD', batch_size: 32 } });

function schemaOf(...names: string[]): IOptionSchema {
  return aSchema(Object.fromEntries(names.map(name => [name, anOption()])));
}

const SCHEMAS: { [type in JobType]?: IOptionSchema } = {
  LEARN: schemaOf(
    'method',
    'batch_size',
    'checkpoint_interval',
    'clean',
    'tag'
  ),
  EVALUATE: schemaOf('batch_size', 'tag')
};

class FormApi extends FakeApi {
  override check = vi.fn<FakeApi['check']>(() => Promise.resolve(CHECK));
  override submit = vi.fn<FakeApi['submit']>(() => Promise.resolve(aJob()));
  override networks = vi.fn(() => Promise.resolve([]));
  override datasets = vi.fn(() => Promise.resolve([]));
  override optionSchema = vi.fn((type: JobType) =>
    Promise.resolve(SCHEMAS[type] ?? schemaOf())
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

async function open(start: IFormStart = {}): Promise<void> {
  form = new SubmitForm(model, trans, start);
  await settle();
}

function settle(): Promise<unknown> {
  return vi.advanceTimersByTimeAsync(READ_DELAY_MS + CHECK_DELAY_MS + 10);
}

function refusal(...errors: Partial<IFieldError>[]): PlatformError {
  const rest = { value: null, accepted: null, nearest: null, message: 'No.' };
  const fields = errors.map(error => ({ field: '', ...rest, ...error }));
  return new PlatformError('No.', 'invalid_options', 422, fields);
}

const FILLED = { network: 'lenet-digits', dataset: 'digits' };

describe('SubmitForm', () => {
  it('should blame nobody before anything was chosen', async () => {
    await open();

    expect(api.check).not.toHaveBeenCalled();
    expect(form.view).toMatchObject({ errors: [], check: null, message: null });
  });

  it('should ask the platform once after a burst of changes', async () => {
    await open();
    form.change({ networks: ['lenet-digits'], dataset: 'digits' });
    for (const text of ['1', '12', '128']) {
      form.setOption('batch_size', text);
      await vi.advanceTimersByTimeAsync(CHECK_DELAY_MS / 4);
    }
    await settle();

    expect(api.check).toHaveBeenCalledTimes(1);
    expect(api.check.mock.calls[0][0].options).toEqual({ batch_size: '128' });
    expect(form.view.check?.when).toBe('starts now on vm');
  });

  it('should keep fields and text in step, both ways', async () => {
    await open(FILLED);
    form.setOption('method', 'ADAM');
    expect(form.text).toBe('method=ADAM');

    form.setText('batch_size=8\nmethod=SGD ');
    await settle();
    expect(form.view.entries.options.get('method')).toBe('SGD');
    expect(form.text).toBe('batch_size=8\nmethod=SGD ');

    form.leaveText();
    expect(form.text).toBe('batch_size=8\nmethod=SGD');
    form.setOption('method', undefined);
    expect(form.text).toBe('batch_size=8');
  });

  it('should leave text that is no option to whoever wrote it', async () => {
    await open(FILLED);
    form.setText('batch_size');
    form.leaveText();
    await settle();

    expect(form.text).toBe('batch_size');
    expect(form.view.badWords).toMatchObject([{ field: 'batch_size' }]);
  });

  it('should put pasted options of DIANNE under our names', async () => {
    await open(FILLED);
    api.check.mockResolvedValue({
      ...CHECK,
      given: { batch_size: '64', checkpoint_interval: '100', method: 'SGD' }
    });
    form.setText('batchSize=64 name=mine storeInterval=100 method=SGD');
    await settle();

    expect([...form.view.entries.options.keys()]).toEqual([
      'name',
      'batch_size',
      'checkpoint_interval',
      'method'
    ]);
    expect(form.view.entries.options.get('checkpoint_interval')).toBe('100');
  });

  it('should take the defaults of DIANNE with one click', async () => {
    await open(FILLED);
    api.check.mockResolvedValue({
      ...CHECK,
      given: { batch_size: '64' },
      dianne_defaults: { sampling: 'UNIFORM', max_iterations: -1 }
    });
    form.setText('batchSize=64');
    await settle();
    form.takeDianneDefaults();

    expect(form.submission.options).toEqual({
      batch_size: '64',
      sampling: 'UNIFORM',
      max_iterations: -1
    });
  });

  it('should submit what was typed, though it was not read yet', async () => {
    await open(FILLED);
    form.setText('batch_size=7');
    await form.submit();

    expect(api.submit.mock.calls[0][0].options).toEqual({ batch_size: '7' });
  });

  it('should show what the platform refuses, keep the entries, and forget it when it is mended', async () => {
    await open(FILLED);
    api.check.mockRejectedValueOnce(
      refusal({ field: 'batch_sise', nearest: 'batch_size' })
    );
    form.setText('batch_sise=64');
    await settle();

    expect(form.view.errors[0]).toMatchObject({ field: 'batch_sise' });
    expect(form.view.focus).toBe(0);

    form.renameOption('batch_sise', 'batch_size');
    await settle();

    expect(form.view.errors).toEqual([]);
    expect(form.submission.options).toEqual({ batch_size: '64' });
  });

  it('should not show the answer to entries that have changed since', async () => {
    await open(FILLED);
    const signals: (AbortSignal | undefined)[] = [];
    api.check.mockImplementation((_submission, signal) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    form.setOption('batch_size', '1');
    await settle();
    form.setOption('batch_size', '2');
    await settle();

    expect(signals.map(signal => signal?.aborted)).toEqual([true, false]);
  });

  it('should take the options that both types have along, and bring the others back', async () => {
    await open(FILLED);
    form.setText('method=ADAM batch_size=8');
    form.setType('EVALUATE');
    await settle();
    expect(form.submission).toMatchObject({
      type: 'EVALUATE',
      options: { batch_size: '8' }
    });

    form.setType('LEARN');
    await settle();
    expect(form.submission.options).toEqual({
      method: 'ADAM',
      batch_size: '8'
    });
  });

  describe('#submit()', () => {
    it('should submit once, however often it is asked', async () => {
      await open(FILLED);
      const submitted = vi.fn<(id: string) => void>();
      form.submitted.connect((_, job) => submitted(job.id));

      await Promise.all([form.submit(), form.submit()]);

      expect(api.submit).toHaveBeenCalledTimes(1);
      expect(submitted).toHaveBeenCalledExactlyOnceWith('j1');
      expect(model.job('j1')).toBeDefined();
    });

    it('should send nobody away for what is missing, but to it', async () => {
      await open();
      await form.submit();

      expect(api.submit).not.toHaveBeenCalled();
      expect(form.view.errors.map(({ field }) => field)).toEqual([
        'networks.0',
        'dataset'
      ]);
      expect(form.view.focus).toBe(1);
    });

    it('should bring the focus to what was refused, with the entries kept', async () => {
      await open(FILLED);
      form.setOption('batch_size', '0');
      api.submit.mockRejectedValueOnce(refusal({ field: 'batch_size' }));
      await form.submit();

      expect(form.view).toMatchObject({ focus: 1, submitting: false });
      expect(form.submission.options).toEqual({ batch_size: '0' });
    });

    it('should say what is wrong with no field in particular', async () => {
      await open(FILLED);
      api.submit.mockRejectedValueOnce(new PlatformError('Full.', 'x', 503));
      await form.submit();

      expect(form.view.message).toBe('Full.');
    });
  });

  it('should go on from what was entered before', async () => {
    await open(FILLED);
    form.setText('tag=mine batch_size=8');
    await settle();
    const { entries } = form.view;
    form.dispose();

    await open({ entries: unpackEntries(packEntries(entries)) });

    expect(form.view.entries).toEqual(entries);
    expect(form.text).toBe('tag=mine\nbatch_size=8');
  });

  describe('options that go with others', () => {
    const when = { method: ['SGD'] };
    const conditional = anOption({ common: false });

    beforeEach(async () => {
      const schema = schemaOf('batch_size');
      schema.properties.method = { ...conditional, default: 'SGD' };
      schema.properties.momentum = { ...conditional, when };
      api.optionSchema.mockResolvedValue(schema);
      await open(FILLED);
    });

    const shown = (): string[] =>
      applicableOptions(form.view).map(([name]) => name);

    it('should be there while the others are as they want', () => {
      expect(shown()).toContain('momentum');
      form.setOption('method', 'ADAM');
      expect(shown()).not.toContain('momentum');
      form.setOption('method', 'sgd');
      expect(shown()).toContain('momentum');
    });

    it('should follow a default that only the platform knows', async () => {
      const options = { method: 'ADAM', batch_size: 32 };
      api.check.mockResolvedValue({ ...CHECK, options });
      form.setOption('batch_size', '8');
      await settle();

      expect(shown()).not.toContain('momentum');
    });

    it('should wait for the way back when a field turns them off', () => {
      form.setOption('momentum', '0.9');
      form.setOption('method', 'ADAM');
      expect(form.submission.options).toEqual({ method: 'ADAM' });

      form.setOption('method', undefined);
      expect(form.submission.options).toEqual({ momentum: '0.9' });
    });

    it('should be left in a text for the platform to refuse', async () => {
      form.setText('method=ADAM momentum=0.9');
      await settle();
      form.setOption('batch_size', '8');

      expect(form.submission.options).toEqual({
        method: 'ADAM',
        momentum: '0.9',
        batch_size: '8'
      });
    });
  });

  describe('networks', () => {
    const GAN = aStrategy({
      name: 'gan',
      roles: ['generator', 'discriminator']
    });
    const FEED_FORWARD = aStrategy();

    it('should be as many as the strategy has roles, in their order', async () => {
      api.strategies.mockResolvedValue([FEED_FORWARD, GAN]);
      await open(FILLED);
      form.setNetwork(1, 'critic');
      form.setOption('strategy', 'feed_forward');
      expect(form.submission.networks).toEqual(['lenet-digits']);

      form.setOption('strategy', 'GAN');
      expect(rolesOf(form.view)).toEqual(GAN.roles);
      expect(form.submission.networks).toEqual(['lenet-digits', 'critic']);
    });

    it('should all be named before the platform is asked', async () => {
      api.strategies.mockResolvedValue([GAN]);
      await open({ ...FILLED, options: new Map([['strategy', 'gan']]) });
      expect(api.check).not.toHaveBeenCalled();

      await form.submit();

      expect(form.view.errors.map(({ field }) => field)).toEqual([
        'networks.1'
      ]);
    });

    it('should be added and left out where the roles are not known', async () => {
      api.strategies.mockRejectedValue(new PlatformError('No.', 'x', 404));
      await open(FILLED);
      form.setNetwork(1, 'second');
      form.setNetwork(2, 'third');
      form.removeNetwork(1);

      expect(rolesOf(form.view)).toBeNull();
      expect(form.submission.networks).toEqual(['lenet-digits', 'third']);
      expect(form.view.message).toBeNull();
    });
  });

  it('should take a network from a file, or say why it is none', async () => {
    await open(FILLED);
    const file = new File(['{}'], 'mine.json');
    const bring = vi.spyOn(api, 'importNetwork').mockResolvedValueOnce({
      kind: 'description',
      network: aNetwork('mine'),
      tags: [],
      warnings: ['It has no weights.']
    });

    await form.uploadNetwork(0, file);

    expect(bring).toHaveBeenCalledWith(file);
    expect(form.submission.networks).toEqual(['mine']);
    expect(form.view.uploadNotes).toEqual(['It has no weights.']);

    bring.mockRejectedValueOnce(new PlatformError('No network.', 'data', 422));
    await form.uploadNetwork(0, file);

    expect(form.view.uploading).toBeNull();
    expect(form.view.errors).toMatchObject([
      { field: 'networks.0', value: 'mine.json', message: 'No network.' }
    ]);
  });
});
