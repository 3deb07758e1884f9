import { useRef } from 'react';

import { labelsOf } from '../models/labels';
import type { ILabel } from '../models/labels';
import type { IJob } from '../wire';

/**
 * What the rows of a list show of the names of its jobs.
 *
 * A label that did not change stays the same object, so that its row is not drawn again.
 */
export function useLabels(jobs: readonly IJob[]): ReadonlyMap<string, ILabel> {
  const known = useRef<ReadonlyMap<string, ILabel>>(new Map());
  const labels = labelsOf(jobs);
  for (const [id, label] of labels) {
    const before = known.current.get(id);
    if (before && isSame(before, label)) {
      labels.set(id, before);
    }
  }
  known.current = labels;
  return labels;
}

function isSame(one: ILabel, other: ILabel): boolean {
  return (
    one.before === other.before &&
    one.own === other.own &&
    one.after === other.after
  );
}
