import type { Message } from '@lumino/messaging';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { platformIcon } from '../../icons';
import { packEntries } from '../../models/entries';
import { SubmitForm } from '../../models/submit-form';
import type { IFormStart } from '../../models/form-view';
import { PageWidget } from '../page-widget';
import type { IViewContext } from '../view-context';
import { FormPage } from './form-page';

/** Characters of the title of a tab. */
const TITLE_LENGTH = 40;

/** The form that submits a job, in a tab. */
export class SubmitView extends PageWidget {
  /**
   * @param start - what the form starts from
   * @param about - what its tab says that it is for; null for nothing in particular
   */
  constructor(
    context: IViewContext,
    start: IFormStart,
    readonly about: string | null = null
  ) {
    super(context, 'submit', platformIcon);
    const { model, trans } = context;
    this.form = new SubmitForm(model, trans, start);
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

  protected override onActivateRequest(message: Message): void {
    if (!this.node.contains(document.activeElement)) {
      super.onActivateRequest(message);
      this.node.querySelector<HTMLElement>('input, select')?.focus();
    }
  }

  protected override content(): JSX.Element {
    return <FormPage form={this.form} />;
  }
}
