import { describe, expect, it } from 'vitest';

import { rowsOf } from '../sweep-rows';
import { aJob } from './records';

describe('rowsOf()', () => {
  it('makes one row of the jobs of a sweep, where the first of them stands', () => {
    const jobs = [
      aJob({ id: 'a' }),
      aJob({ id: 'b', sweep: 's', name: 'mlp iris lr=0.1 b=8' }),
      aJob({ id: 'c' }),
      aJob({ id: 'd', sweep: 's', name: 'mlp iris lr=0.1 b=16' })
    ];

    const rows = rowsOf(jobs);

    expect(rows.map(row => ('jobs' in row ? row.sweep : row.id))).toEqual([
      'a',
      's',
      'c'
    ]);
    expect(rows[1]).toMatchObject({
      name: 'mlp iris',
      jobs: [jobs[1], jobs[3]]
    });
  });

  it('leaves a single job of a sweep as it is', () => {
    const job = aJob({ sweep: 's' });

    expect(rowsOf([job])).toEqual([job]);
  });
});
