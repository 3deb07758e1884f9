import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { IPool } from '../acting-wire';
import type { IPlatformModel } from '../tokens';
import type {
  IDataset,
  IFieldError,
  IJob,
  IJobCheck,
  IJobSubmission,
  INetwork,
  IOptionSchema,
  IOptionText,
  IStrategy,
  Json,
  JobType
} from '../wire';
import { applicableOptions, networksToSend } from './applicable';
import { blame } from './blame';
import { readCatalogue } from './catalogue';
import { emptyEntries, FIELDS_AMONG_OPTIONS, submissionOf } from './entries';
import type { IEntries } from './entries';
import { missingOf } from './missing';
import { OptionReader } from './option-reader';
import { toLines, withKnownValues } from './option-text';
import type { Options } from './option-text';

/** Milliseconds without a change after which the platform is asked. */
export const CHECK_DELAY_MS = 400;

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
  readonly types: readonly JobType[];
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

/** The submit form: its entries, and what the platform says to them. */
export class SubmitForm implements IDisposable {
  /**
   * @param _model - the live model
   * @param _trans - for the sentences of this side
   */
  constructor(
    private readonly _model: IPlatformModel,
    private readonly _trans: TranslationBundle,
    start: IFormStart = {}
  ) {
    this._view = { ...BLANK, entries: started(start) };
    this._epoch = epochOf(_model);
    _model.changed.connect(() => this._onPlatform(), this);
    _model.connect();
    this._load();
  }

  get view(): IFormView {
    return this._view;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The job that was submitted. */
  get submitted(): ISignal<this, IJob> {
    return this._submitted;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** What would be sent. */
  get submission(): IJobSubmission {
    const { entries } = this._view;
    const networks = networksToSend(this._view);
    const takesNone = entries.type === 'ACT';
    const dataset = takesNone ? '' : entries.dataset;
    return submissionOf({ ...entries, networks, dataset });
  }

  /** Whether nothing is missing that every job of this kind needs. */
  get isFilledIn(): boolean {
    return !missingOf(this._view, this._trans).length;
  }

  /** Read once more what a job can be made of: datasets come while the form is open. */
  lookAgain(): void {
    void this._readCatalogue();
  }

  /** Change some of the entries. */
  change(entries: Partial<Omit<IEntries, 'type' | 'options'>>): void {
    this._enter({ ...this._view.entries, ...entries });
  }

  /** Name the network at a position. */
  setNetwork(position: number, name: string): void {
    const networks = [...this._view.entries.networks];
    while (networks.length <= position) {
      networks.push('');
    }
    networks[position] = name;
    this.change({ networks });
  }

  /** Leave out the network at a position; those behind it move up. */
  removeNetwork(position: number): void {
    const networks = this._view.entries.networks.filter(
      (_, at) => at !== position
    );
    this.change({ networks: networks.length ? networks : [''] });
  }

  /** Add a network from a file, and take it at a position. */
  async uploadNetwork(position: number, file: File): Promise<void> {
    this._set({ uploading: file.name, uploadNotes: [] });
    try {
      const { network, warnings } = await this._model.api.importNetwork(file);
      this._set({ uploading: null, uploadNotes: warnings });
      await this._readCatalogue();
      this.setNetwork(position, network.description.name);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const field = `networks.${position}`;
      const wrong = { field, value: file.name, message };
      this._set({
        uploading: null,
        errors: [{ ...wrong, accepted: null, nearest: null }]
      });
    }
  }

  /** Choose another type of job; options that both have go with it. */
  setType(type: JobType): void {
    if (this._reader.isBehind) {
      void this._reader.catchUp().then(() => this.setType(type));
      return;
    }
    const { entries } = this._view;
    this._kept.set(entries.type, entries.options);
    this._aside.clear();
    this._set({ schema: null, draft: null, badWords: [] });
    this._enter({ ...entries, type });
    void this._readSchema();
  }

  /** Give an option, or with undefined leave it to the platform. */
  setOption(name: string, value: Json | undefined): void {
    if (this._reader.isBehind) {
      void this._reader.catchUp().then(() => this.setOption(name, value));
      return;
    }
    const options = new Map(this._view.entries.options);
    if (value === undefined || value === '') {
      options.delete(name);
    } else {
      options.set(name, value);
    }
    this._setOptions(this._fitting(options));
  }

  /** Give an option under another name. */
  renameOption(from: string, to: string): void {
    const { options } = this._view.entries;
    this._setOptions(
      new Map([...options].map(([key, v]) => [key === from ? to : key, v]))
    );
  }

  /** Take the options out of a text, which the platform reads as it reads every other one. */
  setText(text: string): void {
    this._left = false;
    this._set({ draft: text });
    this._reader.type(text);
  }

  /** Nobody types into the text any more: show what was understood. */
  leaveText(): void {
    this._left = true;
    if (!this._reader.isBehind && this._view.badWords.length === 0) {
      this._set({ draft: null });
    }
  }

  /** Take DIANNE's defaults where its own line says nothing. */
  takeDianneDefaults(): void {
    const { check, entries } = this._view;
    const found = Object.entries(check?.dianne_defaults ?? {});
    this._setOptions(new Map([...entries.options, ...found]));
  }

  /** The text of the options. */
  get text(): string {
    return this._view.draft ?? toLines(this._view.entries.options);
  }

  /** Send it. */
  async submit(): Promise<void> {
    if (this._reader.isBehind) {
      await this._reader.catchUp();
    }
    if (this._view.submitting) {
      return;
    }
    this._stopChecking();
    const missing = missingOf(this._view, this._trans);
    if (missing.length) {
      this._refuse(missing, null);
      return;
    }
    this._set({ submitting: true, message: null });
    try {
      const job = await this._model.api.submit(this.submission);
      this._model.remember([job]);
      this._set({ submitting: false });
      this._submitted.emit(job);
    } catch (error) {
      this._set({ submitting: false });
      this._refuse(...blame(error));
    }
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._stopChecking();
      this._reader.stop();
      Signal.disconnectReceiver(this);
      Signal.clearData(this);
    }
  }

  /**
   * Put options aside that no longer mean anything beside the others, and bring back those that
   * do again. What was wrong before is left for the platform to refuse.
   */
  private _fitting(options: Options): Options {
    const { entries } = this._view;
    const namesOf = (given: Options): Set<string> => {
      const choices = {
        ...this._view,
        entries: { ...entries, options: given }
      };
      return new Set(applicableOptions(choices).map(([name]) => name));
    };
    const before = namesOf(entries.options);
    const after = namesOf(options);
    const fitting = new Map(options);
    for (const [name, value] of options) {
      if (before.has(name) && !after.has(name)) {
        this._aside.set(name, value);
        fitting.delete(name);
      }
    }
    for (const [name, value] of this._aside) {
      if (after.has(name) && !before.has(name)) {
        this._aside.delete(name);
        fitting.set(name, fitting.get(name) ?? value);
      }
    }
    return fitting;
  }

  private _takeText({ options, errors }: IOptionText): void {
    const { entries } = this._view;
    const done = this._left && errors.length === 0;
    this._set({ badWords: errors, ...(done ? { draft: null } : {}) });
    const known = withKnownValues(options, entries.options);
    this._enter({ ...entries, options: known });
  }

  private _setOptions(options: Options): void {
    this._set({ draft: null, badWords: [] });
    this._enter({ ...this._view.entries, options });
  }

  private _enter(entries: IEntries): void {
    this._set({ entries });
    this._checkSoon();
  }

  private _load(): void {
    this._model.api.jobTypes().then(
      types => this._set({ types }),
      (error: unknown) => this._set({ message: blame(error)[1] })
    );
    void this._readCatalogue();
    void this._readSchema();
    this._checkSoon(0);
  }

  private async _readCatalogue(): Promise<void> {
    const reading = ++this._readings;
    try {
      for await (const catalogue of readCatalogue(this._model.api)) {
        if (this._isDisposed || reading !== this._readings) {
          return;
        }
        this._set(catalogue);
      }
    } catch (error) {
      this._set({ message: blame(error)[1] });
    }
  }

  private _onPlatform(): void {
    const epoch = epochOf(this._model);
    if (epoch !== this._epoch) {
      this._epoch = epoch;
      this._load();
    }
  }

  private async _readSchema(): Promise<void> {
    const { type } = this._view.entries;
    try {
      const schema = await this._model.api.optionSchema(type);
      const { entries } = this._view;
      if (entries.type === type) {
        this._set({ schema });
        this._adopt(schema);
      }
    } catch (error) {
      this._set({ message: blame(error)[1] });
    }
  }

  /** After a change of the type: options that it does not have wait for the way back. */
  private _adopt(schema: IOptionSchema): void {
    if (this._kept.size === 0) {
      return;
    }
    const { entries } = this._view;
    const before = this._kept.get(entries.type);
    const common = [...entries.options].filter(
      ([key]) => key in schema.properties
    );
    const options = new Map([...(before ?? []), ...common]);
    this._kept.delete(entries.type);
    this._enter({ ...entries, options });
  }

  private _checkSoon(delay = CHECK_DELAY_MS): void {
    this._stopChecking();
    if (!this._isDisposed) {
      this._timer = window.setTimeout(() => void this._check(), delay);
    }
  }

  private _stopChecking(): void {
    window.clearTimeout(this._timer);
    this._abort.abort();
  }

  private async _check(): Promise<void> {
    if (missingOf(this._view, this._trans).length) {
      // Nothing is wrong yet: the form is only not filled in.
      this._set({ check: null, checking: false, errors: [], message: null });
      return;
    }
    const { signal } = (this._abort = new AbortController());
    this._set({ checking: true });
    try {
      const check = await this._model.api.check(this.submission, signal);
      this._set({ check, checking: false, errors: [], message: null });
      this._translate(check);
    } catch (error) {
      if (!signal.aborted) {
        const [errors, message] = blame(error);
        this._set({ check: null, checking: false, errors, message });
      }
    }
  }

  /** Put the options that were given in another spelling under our names. */
  private _translate({ given }: IJobCheck): void {
    const { entries, schema } = this._view;
    const foreign = [...entries.options.keys()].filter(
      key => schema && !(key in schema.properties)
    );
    if (!given || foreign.length === 0) {
      return;
    }
    // One of them may have become two, or none.
    const fields = [...entries.options].filter(([key]) =>
      FIELDS_AMONG_OPTIONS.includes(key)
    );
    const options = new Map([...fields, ...Object.entries(given)]);
    this._set({ entries: { ...entries, options } });
  }

  private _refuse(
    errors: readonly IFieldError[],
    message: string | null
  ): void {
    this._set({ errors, message, check: null, focus: this._view.focus + 1 });
  }

  private _set(change: Partial<IFormView>): void {
    if (!this._isDisposed) {
      this._view = { ...this._view, ...change };
      this._changed.emit();
    }
  }

  private _abort = new AbortController();
  /** Options that wait until they mean something again. */
  private readonly _aside = new Map<string, Json>();
  private readonly _changed = new Signal<this, void>(this);
  private _epoch: string | null;
  private _isDisposed = false;
  private readonly _kept = new Map<JobType, Options>();
  /** Whether nobody types into the text any more. */
  private _left = false;
  private readonly _reader = new OptionReader(
    text => this._model.api.readOptions(text),
    read => this._takeText(read),
    error => this._set({ message: blame(error)[1] })
  );
  private _readings = 0;
  private readonly _submitted = new Signal<this, IJob>(this);
  private _timer = 0;
  private _view: IFormView;
}

const BLANK: IFormView = {
  entries: emptyEntries(),
  draft: null,
  badWords: [],
  types: ['LEARN', 'EVALUATE'],
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

function epochOf({ state }: IPlatformModel): string | null {
  return state.event && state.event.split('-')[0];
}

function started(start: IFormStart): IEntries {
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
