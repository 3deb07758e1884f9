import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Panel } from '@lumino/widgets';
import type { Widget } from '@lumino/widgets';

import type { IPanelKernel, KernelPhase } from './kernel';

/** A panel in a tab of the main area; it lives on the kernel that all panels share. */
export class PanelTab extends Panel {
  /**
   * @param name - which panel
   * @param _item - what of it to show first, as `IPanelKernel.open()` takes it
   */
  constructor(
    readonly name: string,
    private readonly _kernel: IPanelKernel,
    private readonly _trans: TranslationBundle,
    private _item: readonly string[] = []
  ) {
    super();
    this.id = `jupyter-platform-panel-${name}`;
    this.addClass('jp-Platform-panelTab');
    this.title.closable = true;
    this.node.tabIndex = -1;
    this._notice.className = 'jp-Platform-panelNotice';
    this._notice.setAttribute('role', 'status');
    this.node.append(this._notice);
    _kernel.renewed.connect(() => void this._open(), this);
    _kernel.changed.connect((_, phase) => this._follow(phase), this);
    for (const use of ['pointerdown', 'keydown']) {
      this.node.addEventListener(use, () => _kernel.check(), true);
    }
    _kernel.enter();
    void this._open();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      Signal.disconnectReceiver(this);
      super.dispose();
      this._kernel.leave();
    }
  }

  /** Show one of several, such as a network. */
  choose(...item: readonly string[]): void {
    this._item = item;
    void this._open();
  }

  /** Take the focus: JupyterLab's current tab is the one that has it. */
  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    if (!this.node.contains(document.activeElement)) {
      this.node.focus();
    }
  }

  protected override onCloseRequest(message: Message): void {
    super.onCloseRequest(message);
    this.dispose();
  }

  private async _open(): Promise<void> {
    const opening = ++this._openings;
    if (!this._view) {
      this._tell(this._trans.__('Opening…'));
    }
    try {
      const view = await this._kernel.open(this.name, ...this._item);
      this._item = []; // from here on people choose
      if (opening !== this._openings || this.isDisposed) {
        view.dispose();
        return;
      }
      this._view?.dispose();
      this._view = view;
      this.addWidget(view);
      this._tell(null);
    } catch (error) {
      if (opening === this._openings && !this.isDisposed) {
        this._fail(error);
      }
    }
  }

  private _fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this._tell(message, this._trans.__('Try again'), () => this._open());
  }

  private _follow(phase: KernelPhase): void {
    if (phase === 'gone') {
      this._openings++;
      this._tell(
        this._trans.__(
          'The kernel of this panel has ended. Nothing is lost: all that it shows is kept elsewhere.'
        ),
        this._trans.__('Restart'),
        () => this._kernel.restart()
      );
    } else if (phase === 'restarting') {
      this._tell(this._trans.__('The kernel of this panel is restarting…'));
    } else if (phase === 'offline') {
      this._tell(this._trans.__('No connection to the kernel of this panel…'));
    } else if (this._view) {
      this._tell(null);
    }
  }

  /** Say how things are over what was shown last; null takes it away. */
  private _tell(
    message: string | null,
    label?: string,
    action?: () => Promise<void>
  ): void {
    this._notice.hidden = message === null;
    this.toggleClass('jp-mod-dimmed', message !== null);
    this._notice.replaceChildren();
    if (message !== null) {
      const words = document.createElement('p');
      words.textContent = message;
      this._notice.append(words);
    }
    if (label && action) {
      this._notice.append(this._button(label, action));
    }
  }

  private _button(label: string, action: () => Promise<void>): HTMLElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'jp-Platform-button';
    button.textContent = label;
    button.addEventListener('click', () => {
      button.disabled = true;
      action().catch((error: unknown) => this._fail(error));
    });
    return button;
  }

  private _view: Widget | null = null;
  private _openings = 0;
  private readonly _notice = document.createElement('div');
}
