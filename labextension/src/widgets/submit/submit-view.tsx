import type { Message } from '@lumino/messaging';
import { ReactWidget } from '@jupyterlab/ui-components';

import { platformIcon } from '../../icons';
import { SubmitForm } from '../../models/submit-form';
import type { IFormStart } from '../../models/submit-form';
import { SurroundingsProvider } from '../surroundings';
import type { ISurroundings } from '../surroundings';
import { FormPage } from './form-page';

/** The form that submits a job, in a tab. */
export class SubmitView extends ReactWidget {
  constructor(
    private readonly _surroundings: ISurroundings,
    start: IFormStart
  ) {
    super();
    const { model, trans } = _surroundings;
    this.form = new SubmitForm(model, trans, start);
    this.addClass('jp-Platform-submit');
    this.node.tabIndex = -1;
    this.title.icon = platformIcon;
    this.title.closable = true;
    this.title.label = start.from
      ? trans.__('Resubmit %1', start.from.name.slice(0, 30))
      : trans.__('Submit');
    this.title.caption = trans.__('Submit a job');
  }

  readonly form: SubmitForm;

  override dispose(): void {
    if (!this.isDisposed) {
      this.form.dispose();
      super.dispose();
    }
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
