import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useMemo, useState } from 'react';

import type { IEnvironment, IPool, INetwork } from '../../wire';
import { formatCount, formatValue } from '../../format';
import { firstNetwork } from '../../models/applicable';
import type { IFormView } from '../../models/form-view';
import { namedTags } from '../../models/tags';
import { useViewContext } from '../view-context';
import type { ISuggestion } from './option-field';

/** The option that names an environment. */
export const ENVIRONMENT = 'environment';

/** Values to offer, by option. */
export interface ISuggestions {
  readonly [option: string]: readonly ISuggestion[] | undefined;
}

/**
 * What can be named: weights of the network, pools, and environments.
 *
 * @param view - what the form shows
 * @param acts - whether environments are asked for
 */
export function useSuggestions(view: IFormView, acts: boolean): ISuggestions {
  const { trans } = useViewContext();
  const environments = useEnvironments(acts);
  const network = firstNetwork(view);
  return useMemo(
    () => ({
      tag: tagsOf(network),
      pool: view.pools?.map(pool => poolSuggestion(pool, trans)),
      [ENVIRONMENT]: environments.map(item =>
        environmentSuggestion(item, trans)
      )
    }),
    [network, view.pools, environments, trans]
  );
}

/** The environments that are installed; none until they are known, or where nobody tells. */
function useEnvironments(acts: boolean): readonly IEnvironment[] {
  const { model } = useViewContext();
  const [found, setFound] = useState<readonly IEnvironment[]>([]);
  useEffect(() => {
    if (!acts) {
      return undefined;
    }
    let here = true;
    model.api.environments().then(
      environments => here && setFound(environments),
      // The field takes any name: those that are offered only help.
      () => undefined
    );
    return () => {
      here = false;
    };
  }, [model, acts]);
  return found;
}

/** The weights that a network has, newest first. */
function tagsOf(network: INetwork | undefined): ISuggestion[] {
  const tags = namedTags(network?.tags ?? []).sort((one, other) =>
    other.updated_at.localeCompare(one.updated_at)
  );
  return tags.map(({ tag }) => ({ value: tag }));
}

function poolSuggestion(
  { name, environment, episodes }: IPool,
  trans: TranslationBundle
): ISuggestion {
  const filled = trans._n('%1 episode', '%1 episodes', episodes);
  return { value: name, label: `${name} · ${environment} · ${filled}` };
}

function environmentSuggestion(
  { id, max_episode_steps: longest, reward_threshold: solved }: IEnvironment,
  trans: TranslationBundle
): ISuggestion {
  const parts = [
    id,
    longest !== null && trans.__('up to %1 actions', formatCount(longest)),
    solved !== null && trans.__('solved from %1', formatValue(solved))
  ];
  return { value: id, label: parts.filter(Boolean).join(' · ') };
}
