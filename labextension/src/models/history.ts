import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';
import type { IDisposable } from '@lumino/disposable';

import type { IPlatformModel } from '../tokens';
import { ENDED_STATES, isEnded } from '../wire';
import type { IJob } from '../wire';
import { bySubmission } from './state';

/** Jobs on one page. */
export const PAGE_SIZE = 50;
/** Milliseconds without typing after which a search is made. */
export const SEARCH_DELAY_MS = 250;

/** Which of the jobs that have ended are shown. */
export type HistoryFilter = 'all' | 'failed';

/** What a list of past jobs shows. Never changed in place. */
export interface IHistoryView {
  readonly filter: HistoryFilter;
  readonly search: string;
  /** Newest submission first. */
  readonly items: readonly IJob[];
  /** Jobs that match, shown or not; null until that is known. */
  readonly total: number | null;
  readonly loading: boolean;
  /** Why the list may be incomplete, as a sentence. */
  readonly error: string | null;
}

/** The jobs that have ended: searched and paged by the platform, so that many stay quick. */
export class JobHistory implements IDisposable {
  constructor(private readonly _model: IPlatformModel) {
    _model.jobTransition.connect((_, { to }) => {
      if (to !== null && isEnded(to)) {
        this._refreshSoon();
      }
    }, this);
    _model.jobDeleted.connect((_, id) => this._remove(id), this);
    _model.changed.connect(() => this._onChanged(), this);
  }

  get view(): IHistoryView {
    return this._view;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Show only some of the jobs. */
  setFilter(filter: HistoryFilter): void {
    if (filter !== this._view.filter) {
      this._restart({ filter });
    }
  }

  /** Show only the jobs whose name and the like contain a text. */
  setSearch(search: string): void {
    if (search !== this._view.search) {
      this._restart({ search }, SEARCH_DELAY_MS);
    }
  }

  /** Read the next page. */
  more(): void {
    if (!this._view.loading) {
      void this._load(this._view.items.length);
    }
  }

  dispose(): void {
    this._isDisposed = true;
    window.clearTimeout(this._timer);
    this._abort.abort();
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private _onChanged(): void {
    const { event } = this._model.state;
    const epoch = event && event.split('-')[0];
    if (epoch !== this._epoch) {
      // The platform is there for the first time, or once more.
      this._epoch = epoch;
      this._set({ items: this._known(), error: null });
      this._refreshSoon(0);
    }
  }

  /** What the live model knows, until the platform has answered. */
  private _known(): IJob[] {
    const { filter, search } = this._view;
    const states: readonly string[] = wanted(filter);
    const jobs = search ? [] : [...this._model.state.jobs.values()];
    return jobs.filter(job => states.includes(job.state)).sort(bySubmission);
  }

  private _restart(
    query: Partial<Pick<IHistoryView, 'filter' | 'search'>>,
    delay = 0
  ): void {
    this._set({ ...query, total: null, loading: true });
    this._stale = true;
    this._refreshSoon(delay);
  }

  private _refreshSoon(delay = SEARCH_DELAY_MS): void {
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => void this._load(0), delay);
  }

  private async _load(offset: number): Promise<void> {
    this._abort.abort();
    const { signal } = (this._abort = new AbortController());
    const { filter, search } = this._view;
    this._set({ loading: true });
    try {
      const page = await this._model.api.jobs(
        { state: wanted(filter), search, offset, limit: PAGE_SIZE },
        signal
      );
      this._model.remember(page.items);
      const kept = this._stale ? [] : this._view.items;
      this._stale = false;
      const items = merge(kept, page.items);
      this._set({ items, total: page.total, loading: false, error: null });
    } catch (error) {
      if (!signal.aborted) {
        const message = error instanceof Error ? error.message : String(error);
        this._set({ loading: false, error: message });
      }
    }
  }

  private _remove(id: string): void {
    const { items, total } = this._view;
    const rest = items.filter(job => job.id !== id);
    if (rest.length < items.length) {
      this._set({ items: rest, total: total && total - 1 });
    }
  }

  private _set(change: Partial<IHistoryView>): void {
    if (!this._isDisposed) {
      this._view = { ...this._view, ...change };
      this._changed.emit();
    }
  }

  private _abort = new AbortController();
  private readonly _changed = new Signal<this, void>(this);
  private _epoch: string | null = null;
  private _isDisposed = false;
  private _stale = false;
  private _timer = 0;
  private _view: IHistoryView = {
    filter: 'all',
    search: '',
    items: [],
    total: null,
    loading: false,
    error: null
  };
}

function wanted(filter: HistoryFilter): readonly IJob['state'][] {
  return filter === 'failed' ? ['failed'] : ENDED_STATES;
}

function merge(kept: readonly IJob[], read: readonly IJob[]): IJob[] {
  const jobs = new Map([...kept, ...read].map(job => [job.id, job]));
  return [...jobs.values()].sort(bySubmission);
}
