import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { aPage } from '../../models/__tests__/fakes';
import { aJob, anEndedJob } from '../../models/__tests__/records';
import { PlatformError } from '../../request';
import type { IJob } from '../../wire';
import { JOBS_MIME_TYPE, JOB_MIME_TYPE, RenderedJobs } from '../rendered';
import type { JobView } from '../jobview/job-view';
import { Stage, textsOf } from './stage';

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});

afterEach(() => {
  stage.clear();
  vi.restoreAllMocks();
});

function modelOf(
  mimeType: string,
  data: ReadonlyPartialJSONObject
): IRenderMime.IMimeModel {
  return {
    data: { [mimeType]: data },
    metadata: {},
    trusted: false,
    setData: () => undefined
  };
}

/** An output that is rendered anew when its data change, as in a notebook. */
class OutputModel implements IRenderMime.IMimeModel {
  readonly metadata = {};
  readonly trusted = false;
  readonly written: ReadonlyPartialJSONObject[] = [];
  data: ReadonlyPartialJSONObject;

  constructor(
    job: ReadonlyPartialJSONObject,
    private readonly _changed: () => unknown,
    mimeType = JOB_MIME_TYPE
  ) {
    this.data = { [mimeType]: job, 'text/plain': '<Job>' };
  }

  setData({ data }: IRenderMime.IMimeModel.ISetDataOptions): void {
    if (data) {
      this.data = data;
      this.written.push(data);
      this._changed();
    }
  }
}

async function render(
  mimeType: string,
  data: ReadonlyPartialJSONObject
): Promise<HTMLElement> {
  const renderer = stage.show(new RenderedJobs(stage, mimeType));
  await renderer.renderModel(modelOf(mimeType, data));
  return renderer.node;
}

describe('RenderedJobs', () => {
  it('should show a job that is known only by its id', async () => {
    stage.serve(anEndedJob());
    const node = await render(JOB_MIME_TYPE, { version: 1, id: 'j1' });

    await vi.waitFor(() => expect(node.textContent).toContain('lenet-digits'));
  });

  it('should say calmly that a job is gone, by the name it had', async () => {
    const missing = new PlatformError('No job.', 'not_found', 404);
    vi.spyOn(stage.api, 'job').mockRejectedValue(missing);
    const data = { version: 1, id: 'j1', name: 'my run' };
    const node = await render(JOB_MIME_TYPE, data);

    await vi.waitFor(() =>
      expect(node.textContent).toContain('The job “my run” is not here')
    );
  });

  it('should not begin again when the same output is rendered again', async () => {
    stage.serve(anEndedJob());
    const data = { version: 1, id: 'j1' };
    const renderer = stage.show(new RenderedJobs(stage, JOB_MIME_TYPE));
    await renderer.renderModel(modelOf(JOB_MIME_TYPE, data));
    const [view] = renderer.widgets;
    await renderer.renderModel(modelOf(JOB_MIME_TYPE, { ...data }));

    expect(renderer.widgets).toEqual([view]);

    await renderer.renderModel(modelOf(JOB_MIME_TYPE, { ...data, id: 'j2' }));
    expect(view.isDisposed).toBe(true);
    expect(renderer.widgets).toHaveLength(1);
  });

  it('should list jobs in their order, and name those that are gone', async () => {
    stage.api.jobs.mockResolvedValue(
      aPage({ items: [anEndedJob({ id: 'b', name: 'second' })], total: 1 })
    );
    const jobs = [
      { id: 'a', name: 'first' },
      { id: 'b', name: 'old name' }
    ];
    const node = await render(JOBS_MIME_TYPE, { version: 1, jobs, total: 7 });

    await vi.waitFor(() => {
      const [first, second] = textsOf(node, 'li');
      expect(first).toBe('first was deleted');
      expect(second).toContain('second');
    });
    expect(node.textContent).toContain('the newest 2 of 7');
  });

  it('should write the end of listed jobs into their output, once', async () => {
    const open = { version: 1, jobs: [{ id: 'a' }, { id: 'b' }], total: 7 };
    const bundle = { [JOBS_MIME_TYPE]: { ...open, final: true } };
    const jobsOutput = vi.spyOn(stage.api, 'jobsOutput');
    jobsOutput.mockResolvedValue(bundle);
    const serve = (state: IJob['state']): void => {
      const items = [anEndedJob({ id: 'a' }), aJob({ id: 'b', state })];
      stage.api.jobs.mockResolvedValue(aPage({ items, total: 2 }));
    };
    const show = async (): Promise<OutputModel> => {
      const model = new OutputModel(open, () => undefined, JOBS_MIME_TYPE);
      const renderer = stage.show(new RenderedJobs(stage, JOBS_MIME_TYPE));
      await renderer.renderModel(model);
      await vi.waitFor(() =>
        expect(renderer.node.querySelectorAll('[data-job]')).toHaveLength(2)
      );
      return model;
    };

    serve('running');
    await show();
    expect(jobsOutput).not.toHaveBeenCalled();

    serve('stopped');
    const model = await show();
    await vi.waitFor(() => expect(model.written).toHaveLength(1));
    expect(jobsOutput).toHaveBeenCalledExactlyOnceWith(['a', 'b'], 7);
  });

  it('should write the end of a job into its output, once', async () => {
    stage.serve(aJob({ id: 'j1', state: 'running' }));
    const open = { version: 1, id: 'j1', name: 'mine' };
    const bundle = {
      [JOB_MIME_TYPE]: { ...open, final: true },
      'text/html': '<svg></svg>'
    };
    const jobOutput = vi.spyOn(stage.api, 'jobOutput');
    jobOutput.mockResolvedValue(bundle);
    const renderer = stage.show(new RenderedJobs(stage, JOB_MIME_TYPE));
    const model: OutputModel = new OutputModel(open, () =>
      renderer.renderModel(model)
    );
    await renderer.renderModel(model);
    const [view] = renderer.widgets;

    await vi.waitFor(() => expect(view.node.textContent).toContain('running'));
    expect(jobOutput).not.toHaveBeenCalled();

    const { details } = view as JobView;
    stage.serve(anEndedJob({ id: 'j1' }));
    await details.refresh();
    await vi.waitFor(() => expect(model.written).toHaveLength(1));
    await details.refresh();

    expect(jobOutput).toHaveBeenCalledOnce();
    expect(model.data['text/html']).toBe('<svg></svg>');
    expect(model.data['text/plain']).toBe('<Job>');
    expect(renderer.widgets).toEqual([view]);
  });

  it.each([
    ['final already', { final: true }, { final: true }, 0],
    ['not final at the server', {}, {}, 1]
  ])(
    'should leave an output alone that is %s',
    async (_, before, after, asked) => {
      stage.serve(anEndedJob());
      const open = { version: 1, id: 'j1' };
      const jobOutput = vi.spyOn(stage.api, 'jobOutput');
      jobOutput.mockResolvedValue({ [JOB_MIME_TYPE]: { ...open, ...after } });
      const renderer = stage.show(new RenderedJobs(stage, JOB_MIME_TYPE));
      const model = new OutputModel({ ...open, ...before }, () => undefined);
      await renderer.renderModel(model);

      await vi.waitFor(() =>
        expect(renderer.node.textContent).toContain('lenet-digits')
      );
      expect(jobOutput).toHaveBeenCalledTimes(asked);
      await Promise.all(
        jobOutput.mock.results.map(({ value }) => value as Promise<unknown>)
      );
      expect(model.written).toEqual([]);
    }
  );

  it.each([
    [{ version: 2, id: 'j1' }, 'another version'],
    [{ version: 1 }, 'does not say which job'],
    [{}, 'another version']
  ])('should say what is wrong with %j', async (data, words) => {
    const node = await render(JOB_MIME_TYPE, data);

    expect(node.textContent).toContain(words);
  });
});
