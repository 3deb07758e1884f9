import {
  addIcon,
  caretDownIcon,
  refreshIcon,
  settingsIcon
} from '@jupyterlab/ui-components';
import { Menu } from '@lumino/widgets';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { isNewGroup } from '../models/places';
import { MarketCommandIDs } from '../market-commands';
import { CommandIDs } from '../tokens';
import type { IConnection, IPlaces, IPlatformState } from '../tokens';
import type { IStatus } from '../wire';
import { useConnection } from './live';
import { run, useViewContext } from './view-context';

interface IHeaderProps {
  state: IPlatformState;
  places: IPlaces;
}

/** The name of the platform, its hosts, and the two things that one may want. */
export function Header({ state, places }: IHeaderProps): JSX.Element {
  const { commands, model, trans } = useViewContext();
  const connection = useConnection(model);
  return (
    <header className="jp-Platform-header">
      <div className="jp-Platform-titleLine">
        <h2>{trans.__('AI platform')}</h2>
        <button
          className="jp-Platform-iconButton"
          title={trans.__('Connect again')}
          aria-label={trans.__('Connect again')}
          onClick={() => run(commands, CommandIDs.reconnect)}
        >
          <refreshIcon.react tag="span" width="16px" height="16px" />
        </button>
        <button
          className="jp-Platform-iconButton"
          title={trans.__('Settings')}
          aria-label={trans.__('Settings')}
          onClick={() => run(commands, CommandIDs.openSettings)}
        >
          <settingsIcon.react tag="span" width="16px" height="16px" />
        </button>
      </div>
      {connection.phase === 'live' ? null : (
        <ConnectionLine connection={connection} />
      )}
      {state.status && connection.phase !== 'down' ? (
        <HostLine state={state} />
      ) : null}
      <div className="jp-Platform-actions">
        <button
          className="jp-Platform-button jp-mod-filled"
          onClick={() => run(commands, CommandIDs.submit)}
        >
          <addIcon.react tag="span" width="14px" height="14px" />
          {trans.__('Submit')}
        </button>
        <button
          className="jp-Platform-button"
          title={trans.__('Find a module or a tool, try it, and deploy it')}
          onClick={() => run(commands, MarketCommandIDs.openMarketplace)}
        >
          {trans.__('Marketplace')}
        </button>
        <OpenButton places={places} />
      </div>
    </header>
  );
}

function ConnectionLine({
  connection
}: {
  connection: IConnection;
}): JSX.Element {
  const { commands, trans } = useViewContext();
  const ways: { readonly [phase: string]: readonly [string, string] } = {
    idle: [trans.__('Connect'), CommandIDs.reconnect],
    reconnecting: [trans.__('Try now'), CommandIDs.reconnect],
    down: [trans.__('Start'), CommandIDs.startPlatform]
  };
  const way = ways[connection.phase];
  return (
    <div
      className="jp-Platform-connection"
      data-phase={connection.phase}
      role="status"
    >
      <span>{connection.message ?? trans.__('Not connected.')}</span>
      {way ? (
        <button
          className="jp-Platform-link"
          onClick={() => run(commands, way[1])}
        >
          {way[0]}
        </button>
      ) : null}
    </div>
  );
}

function HostLine({ state }: { state: IPlatformState }): JSX.Element | null {
  const { commands, trans } = useViewContext();
  const { status } = state;
  if (!status) {
    return null;
  }
  const lost = status.hosts_lost > 0;
  const mark = lost ? '▲' : status.hosts > 0 ? '●' : '○';
  return (
    <>
      <button
        className="jp-Platform-hosts"
        data-level={lost ? 'warning' : status.hosts > 0 ? 'ok' : 'none'}
        title={trans.__('Open the infrastructure dashboard')}
        onClick={() => run(commands, CommandIDs.openInfrastructure)}
      >
        <span aria-hidden>{mark}</span> {hostSentence(state, trans)}
      </button>
      <KindLine status={status} />
      {status.warnings.map(warning => (
        <p className="jp-Platform-warning" key={warning}>
          <span aria-hidden>▲</span> {warning}
        </p>
      ))}
    </>
  );
}

/** What is done of each type of job; nothing where nothing runs or waits. */
function KindLine({ status }: { status: IStatus }): JSX.Element | null {
  const { trans } = useViewContext();
  const sentence = kindSentence(status, trans);
  return sentence ? (
    <p className="jp-Platform-kinds" title={trans.__('Jobs by type')}>
      {sentence}
    </p>
  ) : null;
}

/** Busy and waiting by type of job: `LEARN 2 busy, 1 waits · EVALUATE 1 busy · 1 host idle`. */
export function kindSentence(
  { types, hosts_idle }: Pick<IStatus, 'types' | 'hosts_idle'>,
  trans: TranslationBundle
): string {
  const parts = Object.entries(types).flatMap(
    ([type, { running, waiting }]) => {
      const words = [
        running > 0 && trans.__('%1 busy', running),
        waiting > 0 && trans._n('%1 waits', '%1 wait', waiting)
      ].filter(Boolean);
      return words.length ? [`${type} ${words.join(', ')}`] : [];
    }
  );
  if (parts.length > 0 && hosts_idle > 0) {
    parts.push(trans._n('%1 host idle', '%1 hosts idle', hosts_idle));
  }
  return parts.map(part => part.replaceAll(' ', '\u00a0')).join(' · ');
}

/** What there is and how much of it is taken: `2 hosts · 3 of 8 slots busy · GPU 1/2`. */
export function hostSentence(
  { status }: IPlatformState,
  trans: TranslationBundle
): string {
  if (!status) {
    return '';
  }
  const { hosts, hosts_lost, slots, gpus } = status;
  const parts = [trans._n('%1 host', '%1 hosts', hosts)];
  if (hosts_lost > 0) {
    parts.push(trans.__('%1 lost', hosts_lost));
  }
  if (slots.total > 0) {
    parts.push(trans.__('%1 of %2 slots busy', slots.busy, slots.total));
  }
  if (gpus.total > 0) {
    parts.push(trans.__('GPU %1/%2', gpus.busy, gpus.total));
  }
  // A part stays on one line.
  return parts.map(part => part.replaceAll(' ', '\u00a0')).join(' · ');
}

/** Opens the menu of everything that can be opened beside the jobs. */
function OpenButton({ places }: { places: IPlaces }): JSX.Element {
  const { commands, trans } = useViewContext();
  return (
    <button
      className="jp-Platform-button"
      aria-haspopup="menu"
      onClick={event => openPlacesMenu(commands, places, event.currentTarget)}
    >
      {trans.__('Open')}
      <caretDownIcon.react tag="span" width="14px" height="14px" />
    </button>
  );
}

function openPlacesMenu(
  commands: CommandRegistry,
  { list }: IPlaces,
  button: HTMLElement
): void {
  const menu = new Menu({ commands });
  menu.addClass('jp-Platform-menu');
  list.forEach((place, at) => {
    if (isNewGroup(list[at - 1], place)) {
      menu.addItem({ type: 'separator' });
    }
    menu.addItem({ command: place.command });
  });
  menu.aboutToClose.connect(() => {
    // The chosen command still needs the menu when this signal comes.
    window.setTimeout(() => menu.dispose());
  });
  const { left, bottom } = button.getBoundingClientRect();
  menu.open(left, bottom);
}
