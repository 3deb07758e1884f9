import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { createContext, useContext } from 'react';

import type { IPlatformModel } from '../tokens';

/** What the components of a view have in common. */
export interface IViewContext {
  readonly model: IPlatformModel;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
  /** Draws outputs of notebooks, where there are any to draw. */
  readonly rendermime?: IRenderMimeRegistry;
}

const ViewContext = createContext<IViewContext | null>(null);

/** Gives the components below it what they have in common. */
export const ViewContextProvider = ViewContext.Provider;

/** What the view that a component belongs to gives it. */
export function useViewContext(): IViewContext {
  const context = useContext(ViewContext);
  if (!context) {
    throw new Error('There is no ViewContextProvider above this component.');
  }
  return context;
}

/** Run a command; what goes wrong is told by the command itself. */
export function run(
  commands: CommandRegistry,
  id: string,
  args: ReadonlyPartialJSONObject = {}
): void {
  if (commands.hasCommand(id)) {
    commands.execute(id, args).catch((error: unknown) => {
      console.error(`The command ${id} failed.`, error);
    });
  }
}
