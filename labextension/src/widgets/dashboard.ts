import { IFrame, MainAreaWidget } from '@jupyterlab/apputils';
import type { IThemeManager } from '@jupyterlab/apputils';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';

import { dashboardIcon, infrastructureIcon } from '../icons';
import type { DashboardName } from '../tokens';
import { CommandIDs } from '../tokens';
import { run } from './view-context';
import type { IViewContext } from './view-context';

/** For the command that opens one of them. */
export const DASHBOARD_ARGUMENTS: CommandRegistry.ICommandOptions['describedBy'] =
  {
    args: {
      type: 'object',
      required: ['name'],
      properties: {
        name: { type: 'string', enum: ['infrastructure', 'summary'] }
      }
    }
  };

/** A dashboard in a tab of the main area, in JupyterLab's theme. */
export class Dashboard extends MainAreaWidget<IFrame> {
  /**
   * @param name - which dashboard
   * @param themes - null where the application has no themes: it is then light
   */
  constructor(
    readonly name: DashboardName,
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
    this.id = `jupyter-platform-dashboard-${name}`;
    this.title.label = dashboardTitle(name, _context);
    this.title.icon = dashboardIconOf(name);
    this.title.closable = true;
    this._load();
    _themes?.themeChanged.connect(() => this._load(), this);
    const frame = this.content.node.querySelector('iframe');
    frame?.addEventListener('load', () => this._followLinks(frame));
    frame?.setAttribute('title', this.title.label);
  }

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

/** What a dashboard is called. */
export function dashboardTitle(
  name: DashboardName,
  { trans }: Pick<IViewContext, 'trans'>
): string {
  return name === 'infrastructure'
    ? trans.__('Infrastructure')
    : trans.__('Summary');
}

/** The query of an address that asks JupyterLab for a job or the submit form. */
function labQuery(href: string): URLSearchParams | null {
  const { pathname, searchParams } = new URL(href, window.location.href);
  const asks = searchParams.has('job') || searchParams.has('submit');
  return asks && /\/lab(\/|$)/.test(pathname) ? searchParams : null;
}

/** The icon of a dashboard, in its tab and in menus. */
export function dashboardIconOf(name: DashboardName): LabIcon {
  return name === 'infrastructure' ? infrastructureIcon : dashboardIcon;
}
