import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Panel, Widget } from '@lumino/widgets';

import type { IJobReference } from './job-list-view';
import { keepEnd, keepFinal } from './kept-output';
import type { IViewContext } from './view-context';

/** What an output holds instead of a job: where to find it. */
export const JOB_MIME_TYPE = 'application/vnd.jupyter-platform.job+json';
/** The same for a list of jobs. */
export const JOBS_MIME_TYPE = 'application/vnd.jupyter-platform.jobs+json';

/** The version of both that is understood here. */
const VERSION = 1;

/** Shows the live view of a job, or of a list of jobs, in the output of a cell. */
export class RenderedJobs extends Panel implements IRenderMime.IRenderer {
  constructor(
    private readonly _context: IViewContext,
    private readonly _mimeType: string
  ) {
    super();
    this.addClass('jp-Platform-rendered');
  }

  /** Render a model; the same job again is left as it is, also when its output is final since. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const data = model.data[this._mimeType];
    const key = JSON.stringify(data, (name, value: unknown) =>
      name === 'final' ? undefined : value
    );
    if (key === this._key) {
      return;
    }
    this._key = key;
    const view = await this._view(
      (data ?? {}) as ReadonlyPartialJSONObject,
      model
    );
    if (this.isDisposed || key !== this._key) {
      view.dispose();
      return;
    }
    this.widgets.forEach(widget => widget.dispose());
    this.addWidget(view);
  }

  private async _view(
    fields: ReadonlyPartialJSONObject,
    output: IRenderMime.IMimeModel
  ): Promise<Widget> {
    const { model, trans } = this._context;
    if (fields.version !== VERSION) {
      return sentence(
        trans.__(
          'This output was made by another version of the platform; run the cell again.'
        )
      );
    }
    if (this._mimeType === JOBS_MIME_TYPE) {
      const { JobListView } = await import('./job-list-view');
      const jobs = references(fields.jobs);
      const total = Number(fields.total ?? jobs.length);
      return new JobListView(this._context, jobs, total, () => {
        const ids = jobs.map(({ id }) => id);
        keepFinal(output, this._mimeType, () =>
          model.api.jobsOutput(ids, total)
        )
          // The live view says what is wrong; the next look tries again.
          .catch(() => undefined);
      });
    }
    if (typeof fields.id !== 'string') {
      return sentence(trans.__('This output does not say which job it is.'));
    }
    const { JobView } = await import('./jobview/job-view');
    const name = typeof fields.name === 'string' ? fields.name : undefined;
    const view = new JobView(this._context, {
      job: fields.id,
      name,
      compact: true
    });
    keepEnd(view.details, model.api, output, this._mimeType);
    return view;
  }

  private _key = '';
}

function references(jobs: unknown): IJobReference[] {
  const list = Array.isArray(jobs) ? (jobs as Partial<IJobReference>[]) : [];
  return list.flatMap(({ id, name }) =>
    typeof id === 'string' ? [{ id, name: String(name ?? id) }] : []
  );
}

function sentence(text: string): Widget {
  const widget = new Widget();
  widget.addClass('jp-Platform-calm');
  widget.node.textContent = text;
  return widget;
}
