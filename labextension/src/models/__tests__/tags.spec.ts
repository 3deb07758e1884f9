import { describe, expect, it } from 'vitest';

import type { ITag } from '../../wire';
import { namedTags } from '../tags';

function aTag(tag: string, job: string, digests: { [name: string]: string }) {
  const variants = Object.entries(digests).map(([variant, digest]) => ({
    variant,
    digest,
    job: job || null
  }));
  return { tag, job: job || null, variants } as unknown as ITag;
}

describe('namedTags()', () => {
  it('should leave out what has a name, and keep what a tag has left', () => {
    const tags = [
      aTag('mine', 'b', { best: '2', last: '3' }),
      aTag('b', 'b', { best: '2', last: '3' }),
      aTag('a', 'a', { best: '1' }),
      aTag('brought', '', { last: '4' })
    ];

    expect(namedTags(tags).map(({ tag }) => tag)).toEqual([
      'mine',
      'a',
      'brought'
    ]);
  });

  it('should keep weights of which a tag holds a part only', () => {
    const tags = [
      aTag('mine', 'b', { last: '3' }),
      aTag('b', 'b', { best: '2', last: '3' })
    ];

    expect(namedTags(tags)).toHaveLength(2);
  });
});
