import { IRouter } from '@jupyterlab/application';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';

import { MarketCommandIDs } from '../market-commands';
import { CommandIDs, EXTENSION_ID, IPlaces, IPlatformModel } from '../tokens';
import { NO_ARGUMENTS } from '../widgets/page-commands';
import { run } from '../widgets/view-context';

/** Words of an address that are followed once. */
const WORDS = [
  'job',
  'network',
  'submit',
  'type',
  'dataset',
  'from',
  'as',
  'tag',
  'open',
  'compare',
  'sweep',
  'item',
  'deployment'
];
/** Those of them that the submit form starts from. */
const STARTS = ['type', 'network', 'dataset', 'from', 'as', 'tag'];
const FOLLOW = 'jupyter-platform:follow-link';
/** Milliseconds after which JupyterLab has saved a layout that changed. */
const LAYOUT_SAVED_MS = 3000;

/** Opens what an address asks for: `…/lab?job=<id>`, `?network=<name>`, `?open=<place>` or `?submit`. */
export const links: JupyterFrontEndPlugin<void> = {
  id: `${EXTENSION_ID}:links`,
  description: 'Addresses that open a job, a network or the submit form.',
  autoStart: true,
  requires: [IRouter, IPlatformModel, IPlaces],
  activate: (
    app: JupyterFrontEnd,
    router: IRouter,
    model: IPlatformModel,
    places: IPlaces
  ) => {
    const { commands } = app;
    let comesAgain: string | null = null;
    commands.addCommand(FOLLOW, {
      describedBy: NO_ARGUMENTS,
      execute: args => {
        const { search } = args as unknown as IRouter.ILocation;
        const query = new URLSearchParams(search);
        const link = WORDS.map(word => query.get(word)).join('&');
        // JupyterLab forgets its layout, and then routes to the address without this word.
        const isRepeated = link === comesAgain && !query.has('reset');
        comesAgain = query.has('reset') ? link : null;
        void app.restored.then(() => {
          model.connect();
          // A reload before JupyterLab has saved its layout follows the link again.
          window.setTimeout(() => forget(...WORDS), LAYOUT_SAVED_MS);
          if (isRepeated) {
            return; // what it opened may be closed by now
          }
          // Who follows a link to the platform wants to see the rest of it too.
          run(commands, CommandIDs.showSidebar);
          const request = asked(query, places);
          if (request) {
            run(commands, ...request);
          }
        });
      }
    });
    router.register({
      command: FOLLOW,
      pattern:
        /[?&](job=[^&#]+|network=[^&#]+|open=[^&#]+|compare=[^&#]+|sweep=[^&#]+|item=[^&#]+|deployment=[^&#]+|submit(?=[=&#]|$))/,
      rank: 20
    });
  }
};

/** The command that an address asks for, and its arguments; null for a place that is unknown. */
function asked(
  query: URLSearchParams,
  { list }: IPlaces
): [command: string, args: { [word: string]: string }] | null {
  const given = (words: readonly string[]): { [word: string]: string } =>
    Object.fromEntries(
      words.flatMap(word => {
        const value = query.get(word);
        return value ? [[word, value]] : [];
      })
    );
  if (query.get('job')) {
    return [CommandIDs.openJob, given(['job'])];
  }
  if (query.has('submit')) {
    return [CommandIDs.submit, given(STARTS)];
  }
  if (query.get('compare')) {
    return [CommandIDs.compareJobs, { jobs: query.get('compare') ?? '' }];
  }
  if (query.get('sweep')) {
    return [CommandIDs.openSweep, given(['sweep'])];
  }
  if (query.get('item')) {
    return [MarketCommandIDs.openItem, given(['item'])];
  }
  if (query.get('deployment')) {
    return [MarketCommandIDs.openDeployment, given(['deployment'])];
  }
  if (query.get('network')) {
    return [CommandIDs.openNetwork, given(['network', 'tag'])];
  }
  const place = list.find(({ name }) => name === query.get('open'));
  return place ? [place.command, {}] : null;
}

/** Take words out of the address: a reload restores the tab where it then is. */
function forget(...words: string[]): void {
  const url = new URL(window.location.href);
  words.forEach(word => url.searchParams.delete(word));
  window.history.replaceState({}, '', url);
}
