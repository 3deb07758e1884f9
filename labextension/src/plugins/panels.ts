import { ILayoutRestorer } from '@jupyterlab/application';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';

import { MarketCommandIDs } from '../market-commands';
import { buildIcon, datasetIcon, networkIcon } from '../icons';
import { deploymentIcon, marketplaceIcon } from '../market-icons';
import type { PanelKernel } from '../panels/kernel';
import { followLinks } from '../panels/links';
import type { PanelTab } from '../panels/tab';
import {
  CommandIDs,
  EXTENSION_ID,
  IPlaces,
  TRANSLATION_DOMAIN
} from '../tokens';

/** Ranks of the panels among the cards of the launcher, and in the Open menu. */
const CARD_RANK = 10;
const PLACES_RANK = 200;
const RESTORE = 'jupyter-platform:restore-panel';

/** A panel that can be opened. */
interface IPanel {
  /** As the Python side knows it. */
  readonly name: string;
  readonly command: string;
  readonly title: string;
  /** What the palette says. */
  readonly open: string;
  readonly caption: string;
  readonly icon: LabIcon;
  /** Words of an address that open one of what it shows, in the order of `open()`'s arguments. */
  readonly words?: readonly string[];
}

/** Opens the panels, which are Python on a hidden kernel, in tabs of the main area. */
export const panels: JupyterFrontEndPlugin<void> = {
  id: `${EXTENSION_ID}:panels`,
  description: 'The panels of the platform.',
  autoStart: true,
  requires: [IRenderMimeRegistry, IPlaces],
  optional: [ITranslator, ICommandPalette, ILauncher, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    places: IPlaces,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null
  ) => {
    const { commands, serviceManager } = app;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const category = trans.__('AI platform');
    const offered = panelsOf(trans);
    const tabs = new PanelTabs(app, places, rendermime, trans);
    offered.forEach((panel, at) => {
      const { name, command } = panel;
      addOpening(app, tabs, panel);
      palette?.addItem({ command, category, args: { isPalette: true } });
      launcher?.add({ command, category, rank: CARD_RANK + at });
      places.add({ name, command, rank: PLACES_RANK + at });
    });
    const [networks, datasets, , marketplace, deployments] = offered;
    addOpeningOfNetworks(app, tabs, networks, trans);
    addOpeningOfDatasets(app, tabs, datasets, trans);
    addOpeningOfOne(app, MarketCommandIDs.openItem, {
      label: trans.__('Open an item of the marketplace'),
      word: 'item',
      icon: marketplaceIcon,
      open: item => tabs.open(marketplace, item)
    });
    addOpeningOfOne(app, MarketCommandIDs.openDeployment, {
      label: trans.__('Open a deployment'),
      word: 'deployment',
      icon: deploymentIcon,
      open: id => tabs.open(deployments, id)
    });
    commands.addCommand(RESTORE, {
      describedBy: {
        args: { type: 'object', properties: { name: { type: 'string' } } }
      },
      execute: async ({ name }) => {
        const panel = offered.find(item => item.name === name);
        if (panel) {
          await tabs.find(panel);
        }
      }
    });
    void restorer?.restore(tabs.tracker, {
      command: RESTORE,
      args: ({ name }) => ({ name }),
      name: ({ name }) => name
    });
    followLinks(commands, serviceManager.serverSettings.baseUrl);
  }
};

/** The tabs of the panels; a panel has one at most. */
class PanelTabs {
  constructor(
    private readonly _app: JupyterFrontEnd,
    private readonly _places: IPlaces,
    private readonly _rendermime: IRenderMimeRegistry,
    private readonly _trans: TranslationBundle
  ) {}

  readonly tracker = new WidgetTracker<PanelTab>({
    namespace: 'jupyter-platform-panels'
  });

  /**
   * Show a panel as the current tab, or in a page of its own where there are no tabs.
   *
   * @param item - what of the panel to show
   */
  async open(panel: IPanel, ...item: readonly string[]): Promise<void> {
    if (this._places.hasTabs) {
      this._app.shell.activateById((await this.find(panel, ...item)).id);
    } else if (item.length === 0 || !panel.words) {
      this._places.visit({ open: panel.name });
    } else {
      const { words } = panel;
      this._places.visit(
        Object.fromEntries(item.map((value, at) => [words[at], value]))
      );
    }
  }

  /**
   * Return the tab of a panel, opening it where there is none.
   *
   * @param item - what of the panel to show
   */
  async find(
    { name, title, icon }: IPanel,
    ...item: readonly string[]
  ): Promise<PanelTab> {
    const { PanelKernel } = await import('../panels/kernel');
    const { PanelTab } = await import('../panels/tab');
    const open = this.tracker.find(tab => tab.name === name);
    if (open) {
      if (item.length > 0) {
        open.choose(...item);
      }
      return open;
    }
    const { serviceManager, shell } = this._app;
    this._kernel ??= new PanelKernel(
      serviceManager,
      this._rendermime,
      this._trans
    );
    const tab = new PanelTab(name, this._kernel, this._trans, item);
    tab.title.label = title;
    tab.title.icon = icon;
    shell.add(tab, 'main');
    void this.tracker.add(tab);
    return tab;
  }

  private _kernel: PanelKernel | null = null;
}

function addOpening(
  { commands }: JupyterFrontEnd,
  tabs: PanelTabs,
  panel: IPanel
): void {
  commands.addCommand(panel.command, {
    label: args => (args.isPalette ? panel.open : panel.title),
    caption: panel.caption,
    icon: panel.icon,
    describedBy: {
      args: {
        type: 'object',
        properties: { activate: { type: 'boolean', default: true } }
      }
    },
    execute: async ({ activate }) => {
      if (activate === false) {
        await tabs.find(panel);
      } else {
        await tabs.open(panel);
      }
    }
  });
}

function addOpeningOfNetworks(
  { commands }: JupyterFrontEnd,
  tabs: PanelTabs,
  networks: IPanel,
  trans: TranslationBundle
): void {
  commands.addCommand(CommandIDs.openNetwork, {
    label: trans.__('Open a network'),
    icon: networkIcon,
    describedBy: {
      args: {
        type: 'object',
        required: ['network'],
        properties: {
          network: { type: 'string' },
          tag: {
            type: 'string',
            description: trans.__('Weights to try: a tag, or the id of a job.')
          }
        }
      }
    },
    execute: ({ network, tag }) =>
      tabs.open(networks, ...[network, tag].filter(isText))
  });
}

function addOpeningOfDatasets(
  { commands }: JupyterFrontEnd,
  tabs: PanelTabs,
  datasets: IPanel,
  trans: TranslationBundle
): void {
  commands.addCommand(CommandIDs.openDataset, {
    label: trans.__('Open a dataset'),
    icon: datasetIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: { dataset: { type: 'string' }, add: { type: 'string' } }
      }
    },
    execute: ({ dataset, add }) =>
      tabs.open(
        datasets,
        ...[isText(add) ? `add:${add}` : dataset].filter(isText)
      )
  });
}

interface IOpening {
  label: string;
  /** Name of the command's one argument. */
  word: string;
  icon: LabIcon;
  open: (value: string) => Promise<void>;
}

/** Add a command that opens a panel at one of what it shows. */
function addOpeningOfOne(
  { commands }: JupyterFrontEnd,
  command: string,
  { label, word, icon, open }: IOpening
): void {
  commands.addCommand(command, {
    label,
    icon,
    describedBy: {
      args: {
        type: 'object',
        required: [word],
        properties: { [word]: { type: 'string' } }
      }
    },
    execute: async args => {
      const value = args[word];
      if (isText(value)) {
        await open(value);
      }
    }
  });
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** The panels in the order of their launcher cards; networks come first. */
function panelsOf(trans: TranslationBundle): readonly IPanel[] {
  return [
    {
      name: 'networks',
      command: CommandIDs.openNetworks,
      title: trans.__('Networks'),
      open: trans.__('Open networks'),
      caption: trans.__(
        'Layers of the networks, and what their weights scored'
      ),
      icon: networkIcon,
      words: ['network', 'tag']
    },
    {
      name: 'datasets',
      command: CommandIDs.openDatasets,
      title: trans.__('Datasets'),
      open: trans.__('Open datasets'),
      caption: trans.__(
        'Samples and classes of the datasets, and what adapters make of them'
      ),
      icon: datasetIcon
    },
    {
      name: 'builder',
      command: CommandIDs.openBuilder,
      title: trans.__('Build a network'),
      open: trans.__('Build a network'),
      caption: trans.__(
        'Put layers together, train the network for a minute, and try it'
      ),
      icon: buildIcon
    },
    {
      name: 'marketplace',
      command: MarketCommandIDs.openMarketplace,
      title: trans.__('Marketplace'),
      open: trans.__('Open the marketplace'),
      caption: trans.__('Find a module or a tool, try it, and deploy it'),
      icon: marketplaceIcon,
      words: ['item']
    },
    {
      name: 'deployments',
      command: MarketCommandIDs.openDeployments,
      title: trans.__('Deployments'),
      open: trans.__('Open deployments'),
      caption: trans.__(
        'What was deployed from the marketplace, and what it is doing'
      ),
      icon: deploymentIcon,
      words: ['deployment']
    }
  ];
}
