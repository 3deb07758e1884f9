import type { IPool, IDataset, INetwork, IStrategy } from '../wire';
import type { IPlatformApi } from '../tokens';

/** What a job can be made of. Never changed in place. */
export interface ICatalogue {
  readonly networks: readonly INetwork[];
  readonly datasets: readonly IDataset[];
  /** Empty where the platform does not tell. */
  readonly strategies: readonly IStrategy[];
  /** Empty where the platform does not tell. */
  readonly pools: readonly IPool[];
}

/**
 * Read what there is, then shapes and sizes that are found out only when asked for.
 *
 * @returns the catalogue, again and again as more of it is known
 * @throws PlatformError when networks or datasets cannot be read
 */
export async function* readCatalogue(
  api: IPlatformApi
): AsyncGenerator<ICatalogue> {
  const [networks, datasets, strategies, pools] = await Promise.all([
    api.networks(),
    api.datasets(),
    api.strategies().catch(() => []),
    api.pools().catch(() => [])
  ]);
  const rest = { strategies, pools };
  yield { networks: [...networks], datasets: [...datasets], ...rest };
  for (const [at, { facts, description }] of networks.entries()) {
    if (!facts) {
      // What cannot be looked into stays without its numbers.
      const known = await api.network(description.name).catch(() => null);
      networks[at] = known ?? networks[at];
      yield { networks: [...networks], datasets: [...datasets], ...rest };
    }
  }
  for (const [at, { facts, descriptor, state }] of datasets.entries()) {
    if (!facts && state === 'ready') {
      const known = await api.dataset(descriptor.name).catch(() => null);
      datasets[at] = known ?? datasets[at];
      yield { networks: [...networks], datasets: [...datasets], ...rest };
    }
  }
}
