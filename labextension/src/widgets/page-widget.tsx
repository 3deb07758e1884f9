import { ReactWidget } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';

import { ViewContextProvider } from './view-context';
import type { IViewContext } from './view-context';

/** A page in a tab of the main area: it takes the focus, and is gone when it is closed. */
export abstract class PageWidget extends ReactWidget {
  /**
   * @param name - names the class of its style, as `jp-Platform-<name>`
   */
  constructor(
    protected readonly context: IViewContext,
    name: string,
    icon: LabIcon
  ) {
    super();
    this.addClass(`jp-Platform-${name}`);
    this.title.icon = icon;
    this.title.closable = true;
    this.node.tabIndex = -1;
  }

  /** What is on the page. */
  protected abstract content(): JSX.Element;

  protected override onCloseRequest(message: Message): void {
    super.onCloseRequest(message);
    this.dispose();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.node.focus();
  }

  protected override render(): JSX.Element {
    return (
      <ViewContextProvider value={this.context}>
        {this.content()}
      </ViewContextProvider>
    );
  }
}
