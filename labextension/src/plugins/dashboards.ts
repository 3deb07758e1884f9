import { ILayoutRestorer } from '@jupyterlab/application';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  IThemeManager,
  WidgetTracker
} from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { dashboardCommand, listDashboards } from '../models/dashboards';
import type { IDashboard } from '../models/dashboards';
import {
  CommandIDs,
  EXTENSION_ID,
  IPlaces,
  IPlatformModel,
  TRANSLATION_DOMAIN
} from '../tokens';
import { argumentsOf, Dashboard, dashboardIconOf } from '../widgets/dashboard';
import { NO_ARGUMENTS } from '../widgets/page-commands';

/** Ranks of the dashboards in the Open menu. */
const PLACES_RANK = 300;

/** Rank of the first dashboard on the launcher, behind the submit form. */
const CARDS_RANK = 1;

/** Opens the dashboards in tabs of the main area, and again after a reload. */
export const dashboards: JupyterFrontEndPlugin<void> = {
  id: `${EXTENSION_ID}:dashboards`,
  description: 'The dashboards of the platform.',
  autoStart: true,
  requires: [IPlatformModel, IPlaces],
  optional: [
    ITranslator,
    IThemeManager,
    ILayoutRestorer,
    ICommandPalette,
    ILauncher
  ],
  activate: (
    app: JupyterFrontEnd,
    model: IPlatformModel,
    places: IPlaces,
    translator: ITranslator | null,
    themes: IThemeManager | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null
  ) => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const context = { commands, model, trans };
    const namespace = 'jupyter-platform-dashboards';
    const tracker = new WidgetTracker<Dashboard>({ namespace });
    const category = trans.__('AI platform');
    const known = listDashboards();
    const create = (dashboard: IDashboard): Dashboard => {
      const tab = new Dashboard(dashboard, context, themes);
      shell.add(tab, 'main');
      void tracker.add(tab);
      return tab;
    };
    const open = (dashboard: IDashboard): void => {
      const { name } = dashboard;
      if (!places.hasTabs) {
        places.visit({ open: name });
        return;
      }
      const tab = tracker.find(item => item.name === name) ?? create(dashboard);
      shell.activateById(tab.id);
    };
    known.forEach((dashboard, at) => {
      const { name, title, description } = dashboard;
      const command = dashboardCommand(name);
      commands.addCommand(command, {
        label: args =>
          args.isPalette ? trans.__('Open %1 dashboard', title) : title,
        caption: description,
        icon: dashboardIconOf(name),
        describedBy: NO_ARGUMENTS,
        execute: () => open(dashboard)
      });
      places.add({ name, command, rank: PLACES_RANK + at });
      palette?.addItem({ command, category, args: { isPalette: true } });
      launcher?.add({ command, category, rank: CARDS_RANK + at });
    });
    commands.addCommand(CommandIDs.openDashboard, {
      describedBy: argumentsOf(known),
      execute: args => {
        const found = known.find(({ name }) => name === args.name);
        if (found) {
          open(found);
        }
      }
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.openDashboard,
      args: ({ name }) => ({ name }),
      name: ({ name }) => name
    });
  }
};
