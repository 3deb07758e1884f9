/*
 * The records of `jupyter_platform.core` about agents, pools and replays as the API sends them.
 */

/** Where a strategy can take its samples from. */
export type SourceKind = 'dataset' | 'environment' | 'pool';

export type ReplayKind = 'best' | 'latest';

/** One episode of an agent. */
export interface IReplay {
  kind: ReplayKind;
  /** Which of the agent's episodes, counted from 1. */
  episode: number;
  /** Its return. */
  reward: number;
  actions: number;
  seed: number;
  /** Updates that the weights had, where they come from a learner. */
  epoch: number | null;
  /** Which agent of the job. */
  rank: number;
  /** After how many actions each frame was taken. */
  steps: number[];
  frames: number;
  /** Why there are no pictures. */
  problem: string | null;
  /** JPEGs in base64, one for each of `steps`; only in the record of a single episode. */
  images: string[];
  /** The first numbers of what was seen at `steps`, where there are no pictures. */
  observations: number[][];
}

/** A pool of experience. */
export interface IPool {
  name: string;
  environment: string;
  episodes: number;
  rows: number;
  capacity: number;
}

/** An environment that agents can act in. */
export interface IEnvironment {
  id: string;
  /** Steps after which an episode is cut. */
  max_episode_steps: number | null;
  /** Mean return from which on it counts as solved. */
  reward_threshold: number | null;
}
