import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  aCheck,
  aNetwork,
  anOption,
  aSchema,
  COUNT,
  KINDS
} from '../../models/__tests__/catalogue';
import { aJob, anEndedJob, aSnapshot } from '../../models/__tests__/records';
import { Places } from '../../models/places';
import { columnsOf } from '../../models/job-columns';
import { tabsOf } from '../jobview/job-view';
import { Sidebar } from '../sidebar';
import { SubmitView } from '../submit/submit-view';
import { find, Stage, textsOf } from './stage';

const SCHEMA = aSchema({ far: anOption({ type: 'integer', default: 3 }) });

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
  const { api } = stage;
  vi.spyOn(api, 'jobKinds').mockResolvedValue([...KINDS, COUNT]);
  vi.spyOn(api, 'networks').mockResolvedValue([aNetwork('lenet')]);
  vi.spyOn(api, 'datasets').mockResolvedValue([]);
  vi.spyOn(api, 'optionSchema').mockResolvedValue(SCHEMA);
});

afterEach(() => {
  stage.clear();
  vi.restoreAllMocks();
});

describe('a kind of job that an installed package adds', () => {
  it('should be offered by the form, with its help and options, and need no dataset', async () => {
    const check = vi.spyOn(stage.api, 'check').mockResolvedValue(aCheck());
    const { node } = stage.show(
      new SubmitView(stage, { type: 'COUNT', network: 'lenet' })
    );
    await vi.waitFor(() => find(node, '[data-control="option.far"]'));

    const type = find(node, '[data-control="type"]');
    expect(textsOf(type, 'option')).toEqual([
      'LEARN',
      'EVALUATE',
      'ACT',
      'RUN',
      'COUNT'
    ]);
    expect(type.textContent).toContain('What COUNT does.');
    await vi.waitFor(() => expect(check).toHaveBeenCalled(), 3000);
    expect(check.mock.calls[0][0]).toMatchObject({
      type: 'COUNT',
      networks: ['lenet'],
      dataset: null
    });
  });

  it('should stand in the sidebar under its own label', async () => {
    const sidebar = new Sidebar(stage, new Places(true, '/'));
    Widget.attach(sidebar, document.body);
    stage.model.connect();
    stage.api.socket.accept();
    stage.api.socket.send(aSnapshot([aJob({ type: 'COUNT' })]));

    await vi.waitFor(() =>
      expect(textsOf(sidebar.node, '.jp-Platform-job-type')).toEqual(['CNT'])
    );
    sidebar.dispose();
  });

  it('should have a row in the table and the pages that every job has', () => {
    const job = anEndedJob({ type: 'COUNT', result: { far: 4 } });

    const columns = columnsOf([job], stage.trans);
    const type = columns.find(({ id }) => id === 'type');
    expect(type?.value(job)).toBe('COUNT');
    expect(tabsOf(job, stage.trans).map(({ id }) => id)).toEqual([
      'curves',
      'result',
      'log',
      'options',
      'attempts'
    ]);
  });
});
