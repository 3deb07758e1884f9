import { PageConfig } from '@jupyterlab/coreutils';

/** Where the server puts its dashboards into the page. */
export const DASHBOARDS_OPTION = 'jupyterPlatformDashboards';

/** A dashboard that the server has. */
export interface IDashboard {
  readonly name: string;
  readonly title: string;
  readonly description: string;
}

/** The dashboards that are pages of the server, in the order in which they are offered. */
export function listDashboards(): readonly IDashboard[] {
  const text = PageConfig.getOption(DASHBOARDS_OPTION);
  try {
    return text ? (JSON.parse(text) as IDashboard[]) : [];
  } catch {
    console.warn(`${DASHBOARDS_OPTION} holds no list of dashboards.`);
    return [];
  }
}

/** The command that opens a dashboard. */
export function dashboardCommand(name: string): string {
  return `jupyter-platform:open-${name}`;
}
