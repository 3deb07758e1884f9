import type { IJob, Json } from '../wire';
import { numberOf, recordOf } from './evaluation';

/** What one agent of an ACT job came to. */
export interface IAgent {
  /** Its number, from 0. */
  readonly agent: number;
  readonly episodes: number;
  readonly actions: number;
  /** Over its last episodes; null before any came to its end. */
  readonly meanReturn: number | null;
  /** Return of its best episode. */
  readonly best: number | null;
  /** Updates that its weights have had, where they come from a learner. */
  readonly epoch: number | null;
}

/** Read what each agent came to out of the result of a job; none where it had but one. */
export function readAgents({
  type,
  result
}: Pick<IJob, 'type' | 'result'>): IAgent[] {
  const found = type === 'ACT' ? result?.agents : undefined;
  return (Array.isArray(found) ? (found as readonly Json[]) : []).map(item => {
    const fields = recordOf(item);
    return {
      agent: numberOf(fields.agent) ?? 0,
      episodes: numberOf(fields.episodes) ?? 0,
      actions: numberOf(fields.actions) ?? 0,
      meanReturn: numberOf(fields.mean_return),
      best: numberOf(recordOf(fields.best).reward),
      epoch: numberOf(fields.epoch)
    };
  });
}
