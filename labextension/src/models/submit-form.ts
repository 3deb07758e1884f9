import type { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { IPlatformModel } from '../tokens';
import type {
  IFieldError,
  IJob,
  IJobCheck,
  IJobSubmission,
  IOptionSchema,
  IOptionText,
  ISweep,
  ISweepSubmission,
  Json,
  JobType
} from '../wire';
import {
  applicableOptions,
  kindTakesDatasets,
  networksToSend
} from './applicable';
import { blame } from './blame';
import { readCatalogue } from './catalogue';
import { submissionOf } from './entries';
import type { IEntries } from './entries';
import { BLANK, started } from './form-view';
import type { IFormStart, IFormView } from './form-view';
import { missingOf } from './missing';
import { OptionReader } from './option-reader';
import { toLines, withKnownValues } from './option-text';
import type { Options } from './option-text';
import {
  blameOfSweep,
  firstOf,
  sweepOf,
  wrongDimensions
} from './sweep-entries';
import type { ISweepEntries } from './sweep-entries';

/** Milliseconds without a change after which the platform is asked. */
export const CHECK_DELAY_MS = 400;

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

  /** The sweep that was submitted, where options list several values. */
  get swept(): ISignal<this, ISweep> {
    return this._swept;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The sweep that would be sent; null where every option has one value. */
  get sweep(): ISweepEntries | null {
    return sweepOf(this._view.entries);
  }

  /** What would be sent, with all values of a sweep. */
  get submission(): IJobSubmission {
    const { entries } = this._view;
    const networks = networksToSend(this._view);
    const takesOne = kindTakesDatasets(this._view);
    const dataset = takesOne ? entries.dataset : '';
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
    const missing = [
      ...missingOf(this._view, this._trans),
      ...wrongDimensions(this._view.entries.options, this._trans)
    ];
    if (missing.length) {
      this._refuse(missing, null);
      return;
    }
    this._set({ submitting: true, message: null });
    try {
      await this._send();
    } catch (error) {
      this._set({ submitting: false });
      this._refuse(...(this.sweep ? blameOfSweep(error) : blame(error)));
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

  private async _send(): Promise<void> {
    const { api } = this._model;
    const { sweep, submission } = this;
    if (sweep) {
      const { dimensions, shared: options, method, trials } = sweep;
      const sent = { submission: { ...submission, options }, dimensions };
      const whole = { ...sent, method, trials };
      const made = await api.submitSweep(whole, this._keyOf(whole));
      this._tried = null;
      this._set({ submitting: false });
      this._swept.emit(made);
    } else {
      const job = await api.submit(submission, this._keyOf(submission));
      this._tried = null;
      this._model.remember([job]);
      this._set({ submitting: false });
      this._submitted.emit(job);
    }
  }

  /** Return the key to send something under: the same one until it has been taken. */
  private _keyOf(sent: IJobSubmission | ISweepSubmission): string {
    const text = JSON.stringify(sent);
    if (this._tried?.text !== text) {
      this._tried = { text, key: UUID.uuid4() };
    }
    return this._tried.key;
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
    this._model.api.jobKinds().then(
      kinds => this._set({ kinds }),
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
    const { options } = this._view.entries;
    const wrong = wrongDimensions(options, this._trans);
    if (wrong.length) {
      this._set({ check: null, checking: false, errors: wrong, message: null });
      return;
    }
    const { signal } = (this._abort = new AbortController());
    this._set({ checking: true });
    try {
      // Of a sweep the first job is looked at; all are before any is queued.
      const first = { ...this.submission, options: firstOf(options) };
      const check = await this._model.api.check(first, signal);
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
    if (!given || foreign.length === 0 || this.sweep) {
      return;
    }
    // One of them may have become two, or none.
    const fields = [...entries.options].filter(([key]) =>
      schema?.submission_keys.includes(key)
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
  /** What was sent last and not taken yet, and its key. */
  private _tried: { text: string; key: string } | null = null;
  private readonly _reader = new OptionReader(
    text => this._model.api.readOptions(text),
    read => this._takeText(read),
    error => this._set({ message: blame(error)[1] })
  );
  private _readings = 0;
  private readonly _submitted = new Signal<this, IJob>(this);
  private readonly _swept = new Signal<this, ISweep>(this);
  private _timer = 0;
  private _view: IFormView;
}

function epochOf({ state }: IPlatformModel): string | null {
  return state.event && state.event.split('-')[0];
}
