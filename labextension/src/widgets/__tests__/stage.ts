import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import { vi } from 'vitest';

import { FakeApi } from '../../models/__tests__/fakes';
import { PlatformModel } from '../../models/platform';
import { CommandIDs } from '../../tokens';
import type { IJob } from '../../wire';
import { addJobCommands } from '../job-commands';
import type { IViewContext } from '../view-context';

/** What a view needs around it, with an API in the hands of the test. */
export class Stage implements IViewContext {
  readonly api = new FakeApi();
  readonly trans = nullTranslator.load('');
  readonly commands = new CommandRegistry();
  readonly model = new PlatformModel(this.api, this.trans);
  /** What was executed, in order. */
  readonly executed: [string, unknown][] = [];

  constructor() {
    addJobCommands(this);
    this.commands.addCommand(CommandIDs.submit, { execute: () => undefined });
    this.commands.commandExecuted.connect((_, { id, args }) => {
      this.executed.push([id, args]);
    });
  }

  /** Answer for one job, and with nothing for its parts. */
  serve(job: IJob): void {
    vi.spyOn(this.api, 'job').mockResolvedValue(job);
    vi.spyOn(this.api, 'dataset').mockRejectedValue(new Error('unknown'));
    vi.spyOn(this.api, 'optionSchema').mockRejectedValue(new Error('unknown'));
  }

  /** Put a view on the page. */
  show<T extends Widget>(view: T): T {
    Widget.attach(view, document.body);
    this._views.push(view);
    return view;
  }

  clear(): void {
    this._views.forEach(view => view.dispose());
    this.model.dispose();
    document.body.textContent = '';
  }

  private readonly _views: Widget[] = [];
}

/** The texts of elements. */
export function textsOf(root: ParentNode, selector: string): string[] {
  return [...root.querySelectorAll(selector)].map(
    element => element.textContent ?? ''
  );
}

/** The one element that a selector finds, optionally with a text. */
export function find(
  root: ParentNode,
  selector: string,
  text?: string
): HTMLElement {
  const found = [...root.querySelectorAll<HTMLElement>(selector)].filter(
    element => text === undefined || element.textContent?.includes(text)
  );
  if (found.length === 0) {
    throw new Error(`There is no ${selector} ${text ?? ''}`);
  }
  return found[0];
}

/** Type into a field as a person does. */
export function type(
  field: HTMLInputElement | HTMLTextAreaElement,
  text: string
): void {
  const prototype =
    field instanceof HTMLTextAreaElement
      ? HTMLTextAreaElement.prototype
      : HTMLInputElement.prototype;
  // React overrides the property on the element, and would not notice.
  Object.getOwnPropertyDescriptor(prototype, 'value')?.set?.call(field, text);
  field.dispatchEvent(new Event('input', { bubbles: true }));
}
