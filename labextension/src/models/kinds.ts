import type { IJobKind, JobType } from '../wire';

/** What each process of a job asks for where nothing is said. */
export type DefaultRequest = IJobKind['request'];

/** What the platform tells of a kind of job; undefined where it was not read, or is not there. */
export function kindOf(
  kinds: readonly IJobKind[] | null | undefined,
  type: JobType
): IJobKind | undefined {
  return kinds?.find(({ name }) => name === type);
}

/** What a row of the queue calls a kind of job. */
export function labelOfKind(kinds: readonly IJobKind[], type: JobType): string {
  return kindOf(kinds, type)?.label ?? type;
}

/**
 * What each process of a kind asks for where nothing is said.
 *
 * @param hasGpus - whether the cluster has any
 * @returns null where it is not known
 */
export function defaultRequest(
  kinds: readonly IJobKind[],
  type: JobType,
  hasGpus: boolean
): DefaultRequest | null {
  const request = kindOf(kinds, type)?.request;
  return request ? { ...request, gpus: hasGpus ? request.gpus : 0 } : null;
}
