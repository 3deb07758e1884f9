import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { aPage } from '../../models/__tests__/fakes';
import { anEndedJob } from '../../models/__tests__/records';
import { PlatformError } from '../../request';
import { JOBS_MIME_TYPE, JOB_MIME_TYPE, RenderedJobs } from '../rendered';
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

  it.each([
    [{ version: 2, id: 'j1' }, 'another version'],
    [{ version: 1 }, 'does not say which job'],
    [{}, 'another version']
  ])('should say what is wrong with %j', async (data, words) => {
    const node = await render(JOB_MIME_TYPE, data);

    expect(node.textContent).toContain(words);
  });
});
