import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { IPlatformModel } from '../tokens';
import type { IJob } from '../wire';

/** Jobs that are read at once. */
const PAGE = 200;
/** Milliseconds after the last change of a job before the table is read again. */
const SETTLED_MS = 500;

/** What a table of jobs shows. */
export interface IJobsTableView {
  /** Newest first; those that have been read. */
  readonly jobs: readonly IJob[];
  /** Jobs that match, read or not; null until the first answer. */
  readonly total: number | null;
  readonly error: string | null;
  /** What is searched for. */
  readonly search: string;
  /** Ids of the jobs that were chosen. */
  readonly chosen: ReadonlySet<string>;
}

/** The jobs of a table: read by pages, and again when one of them changes. */
export class JobsTable implements IDisposable {
  /**
   * @param sweep - only the jobs of this sweep
   */
  constructor(
    private readonly _model: IPlatformModel,
    readonly sweep: string | null = null
  ) {
    _model.jobTransition.connect(this._later);
    _model.jobDeleted.connect(this._later);
    _model.changed.connect(this._refresh);
    void this.read();
  }

  get view(): IJobsTableView {
    return this._view;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._model.jobTransition.disconnect(this._later);
    this._model.jobDeleted.disconnect(this._later);
    this._model.changed.disconnect(this._refresh);
    this._reading.dispose();
    Signal.clearData(this);
  }

  /** Show only the jobs that a text finds. */
  search(text: string): void {
    this._wanted = PAGE;
    this._set({ search: text });
    void this._reading.invoke();
  }

  /** Read another page. */
  more(): void {
    this._wanted += PAGE;
    void this.read();
  }

  /** Choose a job, or take that back. */
  choose(id: string, isChosen: boolean): void {
    const chosen = new Set(this._view.chosen);
    if (isChosen) {
      chosen.add(id);
    } else {
      chosen.delete(id);
    }
    this._set({ chosen });
  }

  /** Choose these jobs and no others. */
  chooseAll(ids: readonly string[]): void {
    this._set({ chosen: new Set(ids) });
  }

  /** Read what is shown anew. */
  async read(): Promise<void> {
    const count = ++this._reads;
    try {
      const jobs: IJob[] = [];
      let total = Infinity;
      while (jobs.length < Math.min(this._wanted, total)) {
        const page = await this._model.api.jobs({
          search: this._view.search || undefined,
          sweep: this.sweep ?? undefined,
          limit: PAGE,
          offset: jobs.length
        });
        total = page.total;
        jobs.push(...page.items);
        if (page.items.length === 0) {
          break;
        }
      }
      this._take(count, { jobs, total: jobs.length ? total : 0, error: null });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this._take(count, { error: message });
    }
  }

  private _take(count: number, found: Partial<IJobsTableView>): void {
    if (count !== this._reads || this._isDisposed) {
      return; // a later question was asked meanwhile
    }
    this._model.remember(found.jobs ?? []);
    const known = new Set((found.jobs ?? this._view.jobs).map(({ id }) => id));
    const chosen = new Set([...this._view.chosen].filter(id => known.has(id)));
    this._set({ ...found, chosen });
  }

  private _set(view: Partial<IJobsTableView>): void {
    this._view = { ...this._view, ...view };
    this._changed.emit();
  }

  /** Take what became known of the jobs that are shown. */
  private readonly _refresh = (): void => {
    const jobs = this._view.jobs.map(job => this._model.job(job.id) ?? job);
    if (jobs.some((job, at) => job !== this._view.jobs[at])) {
      this._set({ jobs });
    }
  };

  private readonly _later = (): void => {
    void this._reading.invoke();
  };

  private readonly _reading = new Debouncer(() => this.read(), SETTLED_MS);
  private readonly _changed = new Signal<this, void>(this);
  private _view: IJobsTableView = {
    jobs: [],
    total: null,
    error: null,
    search: '',
    chosen: new Set()
  };
  private _wanted = PAGE;
  private _reads = 0;
  private _isDisposed = false;
}
