import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { PlatformError } from '../../request';
import type { IFieldError, IOptionProperty } from '../../wire';
import { datasetChoices } from '../submit/choices';
import { matching } from '../submit/combobox';
import { SubmitView } from '../submit/submit-view';
import {
  aCheck,
  aDataset,
  aNetwork,
  anOption
} from '../../models/__tests__/catalogue';
import { Stage, find, textsOf, type } from './stage';

const OPTION = anOption({
  description: 'Samples in one weight update.',
  type: 'integer',
  unit: 'samples',
  default: 32
});

const PROPERTIES: { [name: string]: IOptionProperty } = {
  method: { ...OPTION, type: 'string', enum: ['SGD', 'ADAM'], default: 'SGD' },
  batch_size: OPTION,
  strategy: {
    ...OPTION,
    common: false,
    type: 'string',
    default: 'feed_forward'
  },
  seed: { ...OPTION, common: false, group: 'Chance' },
  clean: {
    ...OPTION,
    common: false,
    type: 'boolean',
    default: false,
    dianne: ['afresh']
  },
  beta1: { ...OPTION, when: { method: ['ADAM'] } }
};

const NETWORK = aNetwork(
  'lenet-digits',
  {
    title: 'LeNet for 8×8 digits',
    task: 'classification',
    input_shape: [1, 8, 8]
  },
  {
    layers: [],
    parameters: 38_282,
    input_shape: [1, 8, 8],
    output_shape: [10]
  }
);

const CHECK = aCheck({
  options: { method: 'SGD', batch_size: 16 },
  warnings: ['the validation set is small']
});

let stage: Stage;
let node: HTMLElement;

beforeEach(async () => {
  stage = new Stage();
  const { api } = stage;
  vi.spyOn(api, 'networks').mockResolvedValue([NETWORK]);
  vi.spyOn(api, 'datasets').mockResolvedValue([
    aDataset('hundred', { shape: [24] }),
    aDataset('digits', { shape: [1, 8, 8] })
  ]);
  vi.spyOn(api, 'check').mockResolvedValue(CHECK);
  vi.spyOn(api, 'optionSchema').mockResolvedValue({
    title: '',
    description: '',
    type: 'object',
    properties: PROPERTIES,
    additionalProperties: false,
    submission_keys: []
  });
  const start = { network: 'lenet-digits', dataset: 'digits' };
  ({ node } = stage.show(new SubmitView(stage, start)));
  await vi.waitFor(() => find(node, '[data-control="option.seed"]'));
});

afterEach(() => {
  stage.clear();
  vi.restoreAllMocks();
});

function field(control: string): HTMLInputElement {
  return find(
    node,
    `[data-control="${control}"] :is(input, select, textarea)`
  ) as HTMLInputElement;
}

function refuse(...errors: Partial<IFieldError>[]): void {
  const rest = { value: null, accepted: null, nearest: null, message: 'No.' };
  const fields = errors.map(error => ({ field: '', ...rest, ...error }));
  const refusal = new PlatformError('No.', 'invalid_options', 422, fields);
  vi.spyOn(stage.api, 'check').mockRejectedValue(refusal);
  vi.spyOn(stage.api, 'submit').mockRejectedValue(refusal);
}

describe('SubmitView', () => {
  it('should show the common options, and the others by what they are about', () => {
    const common = textsOf(
      node,
      '.jp-Platform-form > .jp-Platform-fields label'
    );
    expect(common).toEqual(
      expect.arrayContaining(['Network', 'Dataset', 'method', 'batch_size'])
    );
    expect(common).not.toContain('seed');
    expect(textsOf(node, 'details details summary')).toEqual([
      'Chance one option',
      'Learning one option'
    ]);
    expect(field('option.seed').closest('details')?.open).toBe(false);
  });

  it('should ask for the way of learning before what depends on it, and not twice', () => {
    const labels = textsOf(node, '.jp-Platform-form label');

    expect(labels.filter(label => label === 'strategy')).toHaveLength(1);
    expect(labels.indexOf('strategy')).toBeLessThan(labels.indexOf('Network'));
    expect(field('option.strategy').closest('details')).toBeNull();
  });

  it('should find options by words of their name, help, group and by the name that DIANNE has', async () => {
    const search = find(node, '[aria-label="Search options"]');
    const shown = (): string[] =>
      textsOf(node, 'details [data-control^="option."] > label');

    type(search as HTMLInputElement, 'chance weight');
    await vi.waitFor(() => expect(shown()).toEqual(['seed']));
    expect(field('option.seed').closest('details')?.open).toBe(true);

    type(search as HTMLInputElement, 'afresh');
    await vi.waitFor(() => expect(shown()).toEqual(['clean']));

    type(search as HTMLInputElement, 'nothing like this');
    await vi.waitFor(() => expect(shown()).toEqual([]));
    expect(node.textContent).toContain('No option has these words');
  });

  it('should show an option while it means something', async () => {
    expect(node.querySelector('[data-control="option.beta1"]')).toBeNull();

    type(field('text'), 'method=ADAM');

    await vi.waitFor(() => find(node, '[data-control="option.beta1"]'));
  });

  it('should take another network where it is not known how many there are', async () => {
    expect(textsOf(node, '[data-control="network.0"] label')).toEqual([
      'Network'
    ]);
    find(node, 'button', 'Add a network').click();
    await vi.waitFor(() => find(node, '[data-control="network.1"]'));

    find(node, '[aria-label="Leave out: Network 2"]').click();

    await vi.waitFor(() =>
      expect(node.querySelector('[data-control="network.1"]')).toBeNull()
    );
  });

  it('should tell what holds by default, from the platform where it said so', async () => {
    await vi.waitFor(() =>
      expect(field('option.batch_size').placeholder).toBe('16')
    );
    expect(find(node, '[data-control="option.seed"]').textContent).toContain(
      'Unit: samples. Default: 32.'
    );
  });

  it('should say when it would start, and how to say it in a notebook', async () => {
    type(field('option.batch_size'), '64');

    await vi.waitFor(() => {
      const summary = find(node, '.jp-Platform-submitSummary').textContent;
      expect(summary).toContain('starts now on vm');
      expect(summary).toContain('the validation set is small');
      expect(summary).toContain(
        '%submit LEARN lenet-digits digits batch_size=64'
      );
    });
    expect(field('text').value).toBe('batch_size=64');
  });

  it('should say how many jobs several values make, and ask how to choose', async () => {
    expect(node.querySelector('[data-control="search"]')).toBeNull();

    type(field('text'), 'batch_size=[32,64]');

    await vi.waitFor(() => {
      const summary = find(node, '.jp-Platform-submitSummary').textContent;
      expect(summary).toContain('Makes 2 jobs.');
      expect(summary).toContain("'batch_size=[32,64]'");
    });
    expect(field('search').value).toBe('grid');
    expect(node.querySelector('[data-control="trials"]')).toBeNull();

    type(field('option.batch_size'), '[1..64,log]');

    await vi.waitFor(() => {
      expect(field('search').value).toBe('random');
    });
    type(field('trials'), '7');
    await vi.waitFor(() => {
      const summary = find(node, '.jp-Platform-submitSummary').textContent;
      expect(summary).toContain('Makes 7 jobs.');
      expect(summary).toContain('--search random --trials 7');
    });
  });

  it('should have one filled button', () => {
    expect(textsOf(node, '.jp-mod-filled')).toEqual(['Submit']);
  });

  it('should show each error at its field, and mend a misspelt key by one click', async () => {
    refuse(
      { field: 'batch_size', message: 'batch_size = 0 is not accepted.' },
      {
        field: 'sede',
        message: 'Unknown option sede.',
        nearest: 'seed'
      }
    );
    type(field('text'), 'sede=abc\nbatch_size=0');

    await vi.waitFor(() => {
      expect(
        find(node, '[data-control="option.batch_size"]').textContent
      ).toContain('batch_size = 0 is not accepted.');
      expect(find(node, '[data-control="text"]').textContent).toContain(
        'Unknown option sede.'
      );
    });
    find(node, 'button', 'Use seed').click();

    await vi.waitFor(() =>
      expect(field('text').value).toBe('seed=abc\nbatch_size=0')
    );
    expect(field('option.seed').value).toBe('abc');
  });

  it('should bring the focus to the first error, out of a closed part as well', async () => {
    refuse({ field: 'seed' });

    find(node, 'form').dispatchEvent(
      new KeyboardEvent('keydown', {
        key: 'Enter',
        ctrlKey: true,
        bubbles: true,
        cancelable: true
      })
    );

    await vi.waitFor(() =>
      expect(document.activeElement).toBe(field('option.seed'))
    );
    expect(field('option.seed').closest('details')?.open).toBe(true);
    expect(field('option.seed').getAttribute('aria-invalid')).toBe('true');
  });

  it('should offer what fits the network first, and say what does not', async () => {
    find(node, '[data-control=dataset] input').click();

    await vi.waitFor(() => {
      const [first, second] = textsOf(node, '[role=option]');
      expect(first).toContain('digits1,797 samples · 1×8×8 · 10 classes');
      expect(second).toContain('does not fit lenet-digits');
    });
  });

  it('should offer datasets that came while it was open', async () => {
    const { api } = stage;
    vi.spyOn(api, 'datasets').mockResolvedValue([
      aDataset('fresh', { shape: [1, 8, 8] })
    ]);

    find(node, '[data-control=dataset] input').click();

    await vi.waitFor(() =>
      expect(textsOf(node, '[role=option]')[0]).toContain('fresh')
    );
  });

  it('should say which datasets have to be downloaded, or are being read', () => {
    const mnist = { ...aDataset('mnist', { shape: [1, 28, 28] }), facts: null };
    const choices = datasetChoices(
      [
        { ...mnist, state: 'not downloaded' },
        { ...mnist, reading: true },
        aDataset('digits', { shape: [1, 8, 8] })
      ],
      undefined,
      nullTranslator.load('')
    );

    expect(choices?.map(({ detail }) => detail)).toEqual([
      'not downloaded',
      'being read',
      '1,797 samples · 1×8×8 · 10 classes'
    ]);
  });

  it('should choose by the keyboard alone', async () => {
    const input = field('dataset');
    const press = (key: string): boolean =>
      input.dispatchEvent(
        new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
      );
    type(input, 'hun');
    await vi.waitFor(() =>
      expect(node.querySelectorAll('[role=option]')).toHaveLength(1)
    );
    press('ArrowDown');
    await vi.waitFor(() => find(node, '[role=option][aria-selected=true]'));
    press('Enter');

    await vi.waitFor(() => expect(field('dataset').value).toBe('hundred'));
    expect(node.querySelector('[role=listbox]')).toBeNull();
  });
});

describe('matching()', () => {
  it('should look for every word in name, title and numbers', () => {
    const choices = [
      { name: 'lenet', title: 'LeNet-5', detail: '1×28×28' },
      { name: 'mlp', title: 'Perceptron', detail: '' }
    ];

    expect(matching(choices, '28 LE')).toEqual([choices[0]]);
    expect(matching(choices, '')).toEqual(choices);
  });
});
