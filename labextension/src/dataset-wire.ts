/** Datasets, as the coordinator sends them. */

export type Part = 'train' | 'validation' | 'test';

/** Which samples one part of a dataset has. */
export interface IPartFacts {
  /** Half-open range of sample numbers that they lie in. */
  start: number;
  stop: number;
  /** How many they are; fewer than the range has where others lie between them. */
  size: number;
  /** Seed with which they were drawn, or drawn from. */
  seed: number | null;
}

export interface IDatasetDescriptor {
  name: string;
  title: string;
  summary: string;
  kind: string;
  shape: number[] | null;
  /** Half-open ranges. */
  splits: { [part in Part]?: [number, number] } | null;
}

export interface IDatasetFacts {
  size: number;
  shape: number[];
  task: 'classification' | 'regression';
  /** Number of classes, or of regression targets. */
  outputs: number;
  /** Shape of the target of one sample; empty for one class. */
  target_shape: number[];
  classes: string[] | null;
  class_counts: number[] | null;
  features: string[] | null;
  parts: { [part in Part]?: IPartFacts };
  bytes: number;
  /** Whether samples follow each other, as the characters of a text. */
  sequential: boolean;
}

/** How far the files of a dataset have come. */
export interface IDownload {
  bytes: number;
  total: number;
  running: boolean;
  /** Why the last try ended without success. */
  problem: string | null;
}

export interface IDatasetRecord {
  name: string;
  /** Null where the file that should describe it cannot be read. */
  descriptor: IDatasetDescriptor | null;
  origin: 'bundled' | 'added';
  state: 'ready' | 'not downloaded' | 'downloading' | 'broken';
  /** Why it cannot be used, as a sentence. */
  problem: string | null;
  download: IDownload | null;
  /** Whether its data are being read, so that its facts come later. */
  reading: boolean;
  /** Null until the inspector has answered. */
  facts: IDatasetFacts | null;
}

/** A dataset that can be described. */
export interface IDataset extends IDatasetRecord {
  descriptor: IDatasetDescriptor;
}
