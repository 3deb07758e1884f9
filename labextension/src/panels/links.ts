import { URLExt } from '@jupyterlab/coreutils';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';

import { MarketCommandIDs } from '../market-commands';
import { CommandIDs } from '../tokens';

/**
 * Let links that Python wrote open jobs and networks here instead of in another JupyterLab, and
 * find files where the server is.
 *
 * @param baseUrl - address of the Jupyter server, which Python does not know
 * @param root - where they are listened for
 */
export function followLinks(
  commands: CommandRegistry,
  baseUrl: string,
  root: Document = document
): void {
  root.addEventListener('click', event => {
    const target = event.target instanceof Element ? event.target : null;
    const link = target?.closest<HTMLElement>('a[href]');
    if (!link) {
      return;
    }
    const file = link.dataset.jupyterPlatformDownload;
    if (file) {
      link.setAttribute('href', URLExt.join(baseUrl, file));
    }
    const wish = isForElsewhere(event) ? null : wishOf(link);
    if (wish && commands.hasCommand(wish.command)) {
      event.preventDefault();
      void commands.execute(wish.command, wish.args);
    }
  });
}

/** Whether a click asks for another tab or window. */
function isForElsewhere(event: MouseEvent): boolean {
  return event.ctrlKey || event.metaKey || event.shiftKey;
}

interface IWish {
  command: string;
  args: ReadonlyJSONObject;
}

/** What links may ask for: a command, and its arguments by the end of a data attribute's name. */
const WISHES: readonly [command: string, words: readonly string[]][] = [
  [MarketCommandIDs.openDeployment, ['deployment']],
  [MarketCommandIDs.keepNotebook, ['notebook', 'name']],
  [CommandIDs.submit, ['submit', 'item']],
  [MarketCommandIDs.openItem, ['item']],
  [CommandIDs.openJob, ['job']],
  [CommandIDs.submit, ['submit', 'network']],
  [CommandIDs.submit, ['submit', 'dataset']],
  [CommandIDs.openNetwork, ['network']]
];

/** What a link asks for, of the few things that links may; null for any other. */
function wishOf(link: HTMLElement): IWish | null {
  const given = (word: string): string | null =>
    link.getAttribute(`data-jupyter-platform-${word}`);
  for (const [command, words] of WISHES) {
    if (words.every(given)) {
      const pairs = words.map(word => [
        word === 'submit' ? 'type' : word,
        given(word)
      ]);
      return { command, args: Object.fromEntries(pairs) as ReadonlyJSONObject };
    }
  }
  return null;
}
