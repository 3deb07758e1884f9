import type { Message } from '@lumino/messaging';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { platformIcon } from '../../icons';
import { packEntries } from '../../models/entries';
import { SubmitForm } from '../../models/submit-form';
import type { IFormStart } from '../../models/form-view';
import { SurroundingsProvider } from '../surroundings';
import type { ISurroundings } from '../surroundings';
import { FormPage } from './form-page';

/** Characters of the title of a tab. */
const TITLE_LENGTH = 40;

/** The form that submits a job, in a tab. */
export class SubmitView extends ReactWidget {
  /**
   * @param start - what the form starts from
   * @param about - what its tab says that it is for; null for nothing in particular
   */
  constructor(
    private readonly _surroundings: ISurroundings,
    start: IFormStart,
    readonly about: string | null = null
  ) {
    super();
    const { model, trans } = _surroundings;
    this.form = new SubmitForm(model, trans, start);
    this.addClass('jp-Platform-submit');
    this.node.tabIndex = -1;
    this.title.icon = platformIcon;
    this.title.closable = true;
    this.title.label =
      about === null ? trans.__('Submit') : about.slice(0, TITLE_LENGTH);
    this.title.caption = trans.__('Submit a job');
  }

  readonly form: SubmitForm;

  /** What was entered, as the layout of the page keeps it. */
  packedEntries(): ReadonlyPartialJSONObject {
    return packEntries(this.form.view.entries);
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.form.dispose();
      super.dispose();
    }
  }

  protected override onCloseRequest(message: Message): void {
    super.onCloseRequest(message);
    this.dispose();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    const first = this.node.querySelector<HTMLElement>('input, select');
    if (!this.node.contains(document.activeElement)) {
      (first ?? this.node).focus();
    }
  }

  protected override render(): JSX.Element {
    return (
      <SurroundingsProvider value={this._surroundings}>
        <FormPage form={this.form} />
      </SurroundingsProvider>
    );
  }
}
