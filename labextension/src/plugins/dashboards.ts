import { ILayoutRestorer } from '@jupyterlab/application';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IThemeManager, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import {
  CommandIDs,
  EXTENSION_ID,
  IPlaces,
  IPlatformModel,
  TRANSLATION_DOMAIN
} from '../tokens';
import type { DashboardName } from '../tokens';
import {
  Dashboard,
  DASHBOARD_ARGUMENTS,
  dashboardIconOf,
  dashboardTitle
} from '../widgets/dashboard';
import { NO_ARGUMENTS } from '../widgets/page-commands';

const SHORTCUTS: readonly [DashboardName, string][] = [
  ['infrastructure', CommandIDs.openInfrastructure],
  ['summary', CommandIDs.openSummary]
];

/** Ranks of the dashboards in the Open menu. */
const PLACES_RANK = 300;

/** Opens the dashboards in tabs of the main area, and again after a reload. */
export const dashboards: JupyterFrontEndPlugin<void> = {
  id: `${EXTENSION_ID}:dashboards`,
  description: 'The dashboards of the platform.',
  autoStart: true,
  requires: [IPlatformModel, IPlaces],
  optional: [ITranslator, IThemeManager, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    model: IPlatformModel,
    places: IPlaces,
    translator: ITranslator | null,
    themes: IThemeManager | null,
    restorer: ILayoutRestorer | null
  ) => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const context = { commands, model, trans };
    const namespace = 'jupyter-platform-dashboards';
    const tracker = new WidgetTracker<Dashboard>({ namespace });
    const create = (name: DashboardName): Dashboard => {
      const tab = new Dashboard(name, context, themes);
      shell.add(tab, 'main');
      void tracker.add(tab);
      return tab;
    };
    const open = (name: DashboardName): void => {
      if (!places.hasTabs) {
        places.visit({ open: name });
        return;
      }
      const tab = tracker.find(item => item.name === name) ?? create(name);
      shell.activateById(tab.id);
    };
    SHORTCUTS.forEach(([name, command], at) => {
      const title = dashboardTitle(name, context);
      commands.addCommand(command, {
        label: args =>
          args.isPalette ? trans.__('Open %1 dashboard', title) : title,
        caption: trans.__('Open the dashboard “%1”', title),
        icon: dashboardIconOf(name),
        describedBy: NO_ARGUMENTS,
        execute: () => open(name)
      });
      places.add({ name, command, rank: PLACES_RANK + at });
    });
    commands.addCommand(CommandIDs.openDashboard, {
      describedBy: DASHBOARD_ARGUMENTS,
      execute: args =>
        SHORTCUTS.forEach(([name]) => name === args.name && open(name))
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.openDashboard,
      args: ({ name }) => ({ name }),
      name: ({ name }) => name
    });
  }
};
