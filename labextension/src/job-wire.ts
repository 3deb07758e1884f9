/*
 * What is asked of one job, and its answers, as the API has them.
 */

/** What of a job can be changed after it was submitted. */
export interface IJobChange {
  name?: string;
  note?: string;
}

export interface ILogChunk {
  /** Byte at which `text` begins. */
  offset: number;
  next_offset: number;
  /** Bytes in the whole log now. */
  size: number;
  text: string;
  /** Whether the job has ended and `next_offset` is the end. */
  complete: boolean;
}
