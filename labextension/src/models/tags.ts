import type { ITag } from '../wire';

/**
 * Tags for people to choose from, in the order given.
 *
 * Weights that have a name are not listed under the id of the job that made
 * them, too.
 *
 * @param tags - those of one network
 */
export function namedTags(tags: readonly ITag[]): ITag[] {
  const key = ({ job, variant, digest }: ITag['variants'][number]): string =>
    [job, variant, digest].join(' ');
  const named = new Set(
    tags.filter(tag => !isOwn(tag)).flatMap(tag => tag.variants.map(key))
  );
  return tags.filter(
    tag => !isOwn(tag) || tag.variants.some(item => !named.has(key(item)))
  );
}

/** Whether a tag is the id of the job that made the weights, which never change. */
function isOwn({ tag, job }: ITag): boolean {
  return tag === job;
}
