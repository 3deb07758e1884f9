import { GroupItem, TextItem } from '@jupyterlab/statusbar';
import { ReactWidget } from '@jupyterlab/ui-components';
import { useCallback, useSyncExternalStore } from 'react';

import { stateIcon } from '../icons';
import type { Attention } from '../models/attention';
import { countWaiting } from '../models/state';
import { CommandIDs } from '../tokens';
import type { IPlatformState } from '../tokens';
import { isEnded, isWaiting } from '../wire';
import type { ISlots } from '../wire';
import { useConnection, usePlatformState } from './live';
import { ViewContextProvider, run, useViewContext } from './view-context';
import type { IViewContext } from './view-context';

const runIcon = stateIcon('running');
const waitIcon = stateIcon('queued');
const failIcon = stateIcon('failed');

/** What runs and waits, in the status bar; amber when something failed unseen. */
export class StatusItem extends ReactWidget {
  constructor(
    private readonly _context: IViewContext,
    private readonly _attention: Attention
  ) {
    super();
    this.addClass('jp-Platform-statusItem');
  }

  protected override render(): JSX.Element {
    return (
      <ViewContextProvider value={this._context}>
        <Content attention={this._attention} />
      </ViewContextProvider>
    );
  }
}

function useFailures(attention: Attention): number {
  const subscribe = useCallback(
    (listener: () => void) => {
      attention.changed.connect(listener);
      return () => {
        attention.changed.disconnect(listener);
      };
    },
    [attention]
  );
  return useSyncExternalStore(subscribe, () => attention.failures);
}

function Content({ attention }: { attention: Attention }): JSX.Element | null {
  const { commands, model, trans } = useViewContext();
  const state = usePlatformState(model);
  const { phase } = useConnection(model);
  const failures = useFailures(attention);
  if (state.event === null) {
    return null;
  }
  const { running, waiting, gpus } = count(state);
  const text = [
    trans.__('%1 running', running),
    trans.__('%1 waiting', waiting),
    gpus && trans.__('%1 of %2 GPUs busy', gpus.busy, gpus.total),
    failures > 0 && trans.__('%1 failed', failures),
    phase === 'reconnecting' && trans.__('connection lost'),
    phase === 'down' && trans.__('the platform is down')
  ]
    .filter(Boolean)
    .join(', ');
  return (
    <button
      className="jp-Platform-statusButton"
      data-failures={failures > 0 ? '' : undefined}
      data-phase={phase}
      title={text}
      aria-label={trans.__('AI platform: %1', text)}
      onClick={() => run(commands, CommandIDs.showSidebar)}
    >
      <GroupItem spacing={4}>
        <runIcon.react tag="span" width="12px" height="12px" />
        <TextItem source={`${running} ·`} />
        <waitIcon.react tag="span" width="12px" height="12px" />
        <TextItem
          source={
            gpus ? `${waiting} · GPU ${gpus.busy}/${gpus.total}` : waiting
          }
        />
        {failures > 0 ? <Failures count={failures} /> : null}
      </GroupItem>
    </button>
  );
}

function Failures({ count }: { count: number }): JSX.Element {
  return (
    <GroupItem spacing={4}>
      <failIcon.react tag="span" width="12px" height="12px" />
      <TextItem source={count} />
    </GroupItem>
  );
}

interface ICounts {
  running: number;
  waiting: number;
  /** Null where there are none. */
  gpus: ISlots | null;
}

function count(state: IPlatformState): ICounts {
  const { jobs, status } = state;
  const running = [...jobs.values()].filter(
    job => !isEnded(job.state) && !isWaiting(job.state)
  );
  const gpus = status?.gpus.total ? status.gpus : null;
  return { running: running.length, waiting: countWaiting(state), gpus };
}
