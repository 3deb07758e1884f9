import { IFrame, MainAreaWidget } from '@jupyterlab/apputils';
import type { IThemeManager } from '@jupyterlab/apputils';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';

import { dashboardIcon, infrastructureIcon } from '../icons';
import type { IDashboard } from '../models/dashboards';
import { CommandIDs } from '../tokens';
import { run } from './view-context';
import type { IViewContext } from './view-context';

/** For the command that opens one of them. */
export function argumentsOf(
  dashboards: readonly IDashboard[]
): CommandRegistry.ICommandOptions['describedBy'] {
  const names = dashboards.map(({ name }) => name);
  return {
    args: {
      type: 'object',
      required: ['name'],
      properties: { name: { type: 'string', enum: names } }
    }
  };
}

/** A dashboard in a tab of the main area, in JupyterLab's theme. */
export class Dashboard extends MainAreaWidget<IFrame> {
  /**
   * @param dashboard - which one
   * @param themes - null where the application has no themes: it is then light
   */
  constructor(
    dashboard: IDashboard,
    private readonly _context: IViewContext,
    private readonly _themes: IThemeManager | null
  ) {
    super({
      content: new IFrame({
        sandbox: [
          'allow-scripts',
          'allow-same-origin',
          'allow-downloads',
          'allow-forms',
          'allow-popups'
        ],
        loading: 'eager'
      })
    });
    this.name = dashboard.name;
    this.id = `jupyter-platform-dashboard-${this.name}`;
    this.title.label = dashboard.title;
    this.title.icon = dashboardIconOf(this.name);
    this.title.closable = true;
    this._load();
    _themes?.themeChanged.connect(() => this._load(), this);
    const frame = this.content.node.querySelector('iframe');
    frame?.addEventListener('load', () => this._followLinks(frame));
    frame?.setAttribute('title', this.title.label);
  }

  /** The name of the dashboard. */
  readonly name: string;

  override dispose(): void {
    Signal.disconnectReceiver(this);
    super.dispose();
  }

  private _load(): void {
    const themes = this._themes;
    const light = !themes?.theme || themes.isLight(themes.theme);
    const url = this._context.model.api.dashboardUrl(
      this.name,
      light ? 'light' : 'dark'
    );
    if (url !== this.content.url) {
      this.content.url = url;
    }
  }

  /** Let links to a job or to the submit form act in this JupyterLab instead of loading another. */
  private _followLinks(frame: HTMLIFrameElement): void {
    frame.contentDocument?.addEventListener('click', event => {
      const link = (event.target as Element | null)?.closest?.('a[href]');
      const query = link && labQuery(link.getAttribute('href') ?? '');
      if (query) {
        event.preventDefault();
        const { commands } = this._context;
        const job = query.get('job');
        const command = job ? CommandIDs.openJob : CommandIDs.submit;
        run(commands, command, job ? { job } : {});
      }
    });
  }
}

/** The query of an address that asks JupyterLab for a job or the submit form. */
function labQuery(href: string): URLSearchParams | null {
  const { pathname, searchParams } = new URL(href, window.location.href);
  const asks = searchParams.has('job') || searchParams.has('submit');
  return asks && /\/lab(\/|$)/.test(pathname) ? searchParams : null;
}

/** The icon of a dashboard, in its tab and in menus. */
export function dashboardIconOf(name: string): LabIcon {
  return name === 'infrastructure' ? infrastructureIcon : dashboardIcon;
}
