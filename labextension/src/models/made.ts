import type { IJob, Json } from '../wire';

/** What networks made at the end of learning: samples, or text that goes on. */
export type Made =
  | { readonly kind: 'values'; readonly values: readonly Json[] }
  | { readonly kind: 'text'; readonly start: string; readonly text: string };

/**
 * Read what the networks of a job made last.
 *
 * @returns null where they made nothing, or nothing that can be shown
 */
export function readMade(job: IJob): Made | null {
  const samples = job.result?.samples;
  if (!isRecord(samples)) {
    return null;
  }
  const { kind, values, start, text } = samples;
  if (kind === 'values' && Array.isArray(values) && values.length > 0) {
    return { kind, values: values as readonly Json[] };
  }
  if (
    kind === 'text' &&
    typeof start === 'string' &&
    typeof text === 'string'
  ) {
    return { kind, start, text };
  }
  return null;
}

function isRecord(
  value: Json | undefined
): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
