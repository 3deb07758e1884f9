import type {
  IPool,
  IDataset,
  IFieldError,
  IJobCheck,
  IJobKind,
  INetwork,
  IOptionSchema,
  IStrategy,
  JobType
} from '../wire';
import { emptyEntries } from './entries';
import type { IEntries } from './entries';
import type { Options } from './option-text';

/** What the form starts from. */
export interface IFormStart {
  type?: JobType;
  network?: string;
  dataset?: string;
  options?: Options;
  /** What had been entered before, or follows from a job; all else is then of no account. */
  entries?: IEntries;
}

/** Everything that the form shows. Never changed in place. */
export interface IFormView {
  readonly entries: IEntries;
  /** The text of the options as it is being typed; null while it follows the fields. */
  readonly draft: string | null;
  /** What in that text is no option. */
  readonly badWords: readonly IFieldError[];
  /** The kinds of jobs that there are; null until they were read. */
  readonly kinds: readonly IJobKind[] | null;
  /** Null until it was read. */
  readonly schema: IOptionSchema | null;
  readonly networks: readonly INetwork[] | null;
  readonly datasets: readonly IDataset[] | null;
  readonly pools: readonly IPool[] | null;
  /** Null until they were read; empty where the platform does not tell. */
  readonly strategies: readonly IStrategy[] | null;
  /** What the platform would do; null while the entries are not good. */
  readonly check: IJobCheck | null;
  readonly checking: boolean;
  readonly errors: readonly IFieldError[];
  /** What is wrong with no field in particular. */
  readonly message: string | null;
  readonly submitting: boolean;
  /** Name of the file of a network that is on its way; null for none. */
  readonly uploading: string | null;
  /** What was noted about the last one. */
  readonly uploadNotes: readonly string[];
  /** Grows whenever the focus should go to the first error. */
  readonly focus: number;
}

/** The form before anything was read or entered. */
export const BLANK: IFormView = {
  entries: emptyEntries(),
  draft: null,
  badWords: [],
  kinds: null,
  schema: null,
  networks: null,
  datasets: null,
  pools: null,
  strategies: null,
  check: null,
  checking: false,
  errors: [],
  message: null,
  submitting: false,
  uploading: null,
  uploadNotes: [],
  focus: 0
};

/** The entries that a form starts from. */
export function started(start: IFormStart): IEntries {
  if (start.entries) {
    return start.entries;
  }
  const { type, network, dataset, options } = start;
  const blank = emptyEntries();
  return {
    ...blank,
    type: type ?? blank.type,
    networks: network === undefined ? blank.networks : [network],
    dataset: dataset ?? blank.dataset,
    options: options ?? blank.options
  };
}
