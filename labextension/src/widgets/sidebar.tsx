import { ReactWidget } from '@jupyterlab/ui-components';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';
import type { Message } from '@lumino/messaging';
import { useMemo, useState } from 'react';

import { JobHistory } from '../models/history';
import type { ILabel } from '../models/labels';
import { bySubmission, countWaiting, waitingJobs } from '../models/state';
import type { IPlaces, IPlatformState } from '../tokens';
import { isEnded, isWaiting } from '../wire';
import type { IJob } from '../wire';
import { Announcer } from './announcer';
import { DeploymentSection } from './deployment-list';
import { Header } from './header';
import { HistorySection, useHistory } from './history';
import { Section, ShowMore, useRoving } from './job-list';
import { JobRows } from './job-rows';
import { useLabels } from './labels';
import { usePlatformState } from './live';
import { ViewContextProvider, run, useViewContext } from './view-context';
import type { IViewContext } from './view-context';
import { CommandIDs } from '../tokens';

/** The sidebar: hosts, what runs, what waits, what has ended. */
export class Sidebar extends ReactWidget {
  /**
   * @param _places - what its Open menu offers
   */
  constructor(
    private readonly _context: IViewContext,
    private readonly _places: IPlaces
  ) {
    super();
    this._history = new JobHistory(_context.model);
    this.addClass('jp-Platform-sidebar');
  }

  /** The sidebar came into sight or went out of it. */
  get looked(): ISignal<this, boolean> {
    return this._looked;
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._history.dispose();
      Signal.clearData(this);
      super.dispose();
    }
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._look(true);
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._look(false);
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._look(this.isVisible);
  }

  protected override render(): JSX.Element {
    return (
      <ViewContextProvider value={this._context}>
        <SidebarContent
          history={this._history}
          places={this._places}
          active={this._active}
        />
      </ViewContextProvider>
    );
  }

  private _look(active: boolean): void {
    this._active = active;
    if (active) {
      this._context.model.connect();
    }
    this._looked.emit(active);
    this.update();
  }

  private _active = false;
  private readonly _history: JobHistory;
  private readonly _looked = new Signal<this, boolean>(this);
}

interface IContentProps {
  history: JobHistory;
  places: IPlaces;
  /** False while nobody sees it: it is then left as it is. */
  active: boolean;
}

type SectionName = 'running' | 'waiting' | 'finished' | 'deployments';

/** Rows of a live section that are drawn before more are asked for. */
const FIRST_ROWS = 50;

function SidebarContent({
  history,
  places,
  active
}: IContentProps): JSX.Element {
  const { model } = useViewContext();
  const state = usePlatformState(model, active);
  const view = useHistory(history, active);
  const { running, waiting } = useMemo(() => split(state), [state]);
  const [rows, setRows] = useState({
    running: FIRST_ROWS,
    waiting: FIRST_ROWS
  });
  const drawn = {
    running: running.slice(0, rows.running),
    waiting: waiting.slice(0, rows.waiting)
  };
  const [closed, setClosed] = useState<ReadonlySet<SectionName>>(new Set());
  const toggle = (name: SectionName) => (): void => {
    const next = new Set(closed);
    if (!next.delete(name)) {
      next.add(name);
    }
    setClosed(next);
  };
  const shown = [
    ...(closed.has('running') ? [] : drawn.running),
    ...(closed.has('waiting') ? [] : drawn.waiting),
    ...(closed.has('finished') ? [] : view.items)
  ];
  const { current, onFocus, onKeyDown } = useRoving(shown);
  const labels = useLabels(shown);
  const pristine =
    running.length + waiting.length + view.items.length === 0 &&
    view.total === 0 &&
    view.search === '' &&
    view.filter === 'all';
  return (
    <>
      <Header state={state} places={places} />
      <Announcer />
      {state.event === null ? null : pristine ? (
        <EmptyState />
      ) : (
        <div onFocus={onFocus} onKeyDown={onKeyDown}>
          <LiveSections
            {...{ drawn, labels, closed, toggle, current, active }}
            counts={{ running: running.length, waiting: countWaiting(state) }}
            onMore={name => {
              setRows(before => ({
                ...before,
                [name]: before[name] + FIRST_ROWS
              }));
              if (
                name === 'waiting' &&
                rows.waiting + FIRST_ROWS > waiting.length
              ) {
                // The button is still there when it fails.
                model.readWaiting().catch(() => undefined);
              }
            }}
          />
          <HistorySection
            {...{ history, view, labels, current }}
            open={!closed.has('finished')}
            onToggle={toggle('finished')}
          />
        </div>
      )}
      <DeploymentSection
        state={state}
        open={!closed.has('deployments')}
        onToggle={toggle('deployments')}
      />
    </>
  );
}

type LiveSection = Exclude<SectionName, 'finished' | 'deployments'>;

interface ILiveSectionsProps {
  /** The jobs that have a row. */
  drawn: Record<LiveSection, readonly IJob[]>;
  /** All jobs. */
  counts: Record<LiveSection, number>;
  labels: ReadonlyMap<string, ILabel>;
  closed: ReadonlySet<SectionName>;
  toggle: (name: SectionName) => () => void;
  onMore: (name: LiveSection) => void;
  current: string | null;
  active: boolean;
}

function LiveSections(props: ILiveSectionsProps): JSX.Element {
  const { drawn, counts, labels, closed, toggle, onMore, current, active } =
    props;
  const { model, trans } = useViewContext();
  return (
    <>
      <Section
        title={trans.__('Running')}
        count={counts.running}
        open={!closed.has('running')}
        onToggle={toggle('running')}
      >
        {counts.running === 0 ? (
          <p className="jp-Platform-hint">
            {counts.waiting > 0
              ? trans.__('Nothing runs yet.')
              : trans.__('Nothing runs. Submit a job to start one.')}
          </p>
        ) : null}
        <ul className="jp-Platform-jobs">
          <JobRows
            jobs={drawn.running}
            {...{ labels, current }}
            trend={active ? job => model.trend(job) : undefined}
          />
        </ul>
        <ShowMore
          shown={drawn.running.length}
          total={counts.running}
          onMore={() => onMore('running')}
        />
      </Section>
      {counts.waiting === 0 ? null : (
        <Section
          title={trans.__('Waiting')}
          count={counts.waiting}
          open={!closed.has('waiting')}
          onToggle={toggle('waiting')}
        >
          <ul className="jp-Platform-jobs">
            <JobRows jobs={drawn.waiting} {...{ labels, current }} />
          </ul>
          <ShowMore
            shown={drawn.waiting.length}
            total={counts.waiting}
            onMore={() => onMore('waiting')}
          />
        </Section>
      )}
    </>
  );
}

function EmptyState(): JSX.Element {
  const { commands, trans } = useViewContext();
  return (
    <div className="jp-Platform-empty">
      <p>{trans.__('No jobs yet.')}</p>
      <p>
        {trans.__(
          'A job trains a network on a dataset, or tells how well a trained one does. Digits, iris and others are there to try.'
        )}
      </p>
      <button
        className="jp-Platform-link"
        onClick={() => run(commands, CommandIDs.submit)}
      >
        {trans.__('Submit the first job')}
      </button>
    </div>
  );
}

/** Running jobs with the newest first; waiting ones in the order of the queue. */
function split({ jobs }: IPlatformState): {
  running: IJob[];
  waiting: IJob[];
} {
  const alive = [...jobs.values()].filter(({ state }) => !isEnded(state));
  return {
    running: alive.filter(({ state }) => !isWaiting(state)).sort(bySubmission),
    waiting: waitingJobs(jobs)
  };
}
