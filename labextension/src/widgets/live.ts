import type { ISignal } from '@lumino/signaling';
import { useCallback, useSyncExternalStore } from 'react';

import { labelOfKind } from '../models/kinds';
import type { IConnection, IPlatformModel, IPlatformState } from '../tokens';
import type { JobType } from '../wire';

/**
 * The state of the platform, painted again when it changed.
 *
 * @param model - the live model
 * @param active - false while the widget is not to be seen: it is then left as it is
 */
export function usePlatformState(
  model: IPlatformModel,
  active = true
): IPlatformState {
  const subscribe = useSubscription(model.changed, active);
  return useSyncExternalStore(subscribe, () => model.state);
}

/** What a row of the queue calls a kind of job, painted again when the kinds were read. */
export function useKindLabel(model: IPlatformModel, type: JobType): string {
  const subscribe = useSubscription(model.changed, true);
  return useSyncExternalStore(subscribe, () =>
    labelOfKind(model.state.kinds, type)
  );
}

/** The connection, painted again when it changed. */
export function useConnection(model: IPlatformModel): IConnection {
  const subscribe = useSubscription(model.changed, true);
  return useSyncExternalStore(subscribe, () => model.connection);
}

function useSubscription<S, T>(
  signal: ISignal<S, T>,
  active: boolean
): (listener: () => void) => () => void {
  return useCallback(
    listener => {
      if (!active) {
        return () => undefined;
      }
      signal.connect(listener);
      return () => {
        signal.disconnect(listener);
      };
    },
    [signal, active]
  );
}
