import { PlatformError } from '../request';
import type { IFieldError } from '../wire';

/** The fields that are to blame, and what is wrong besides. */
export function blame(error: unknown): [readonly IFieldError[], string | null] {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof PlatformError && error.errors.length
    ? [error.errors, null]
    : [[], message];
}
