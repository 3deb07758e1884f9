import { CommandRegistry } from '@lumino/commands';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { MarketCommandIDs } from '../../market-commands';
import { CommandIDs } from '../../tokens';
import { followLinks } from '../links';

describe('followLinks()', () => {
  const open = vi.fn();
  let page: Document;

  const click = (selector: string, init: MouseEventInit = {}): MouseEvent => {
    const event = new MouseEvent('click', {
      bubbles: true,
      cancelable: true,
      ...init
    });
    page.querySelector(selector)?.dispatchEvent(event);
    return event;
  };

  beforeEach(() => {
    open.mockReset();
    const commands = new CommandRegistry();
    commands.addCommand(CommandIDs.openJob, {
      execute: args => void open(args.job)
    });
    for (const id of [
      CommandIDs.openNetwork,
      CommandIDs.submit,
      ...Object.values(MarketCommandIDs)
    ]) {
      commands.addCommand(id, { execute: args => void open(id, args) });
    }
    page = document.implementation.createHTMLDocument();
    page.body.innerHTML =
      '<a id="job" href="/lab?job=1f" data-jupyter-platform-job="1f"><b>1f</b></a><a id="other" href="/x">x</a>' +
      '<a id="net" href="/lab?network=mlp" data-jupyter-platform-network="mlp">mlp</a>' +
      '<a id="train" href="/lab?submit" data-jupyter-platform-submit="LEARN" data-jupyter-platform-network="mlp">Train</a>' +
      '<a id="item" href="#" data-jupyter-platform-item="digits">x</a>' +
      '<a id="batch" href="#" data-jupyter-platform-item="digits" data-jupyter-platform-submit="RUN">x</a>' +
      '<a id="deployment" href="#" data-jupyter-platform-deployment="2f">x</a>' +
      '<a id="notebook" href="#" data-jupyter-platform-notebook="{}" data-jupyter-platform-name="digits">x</a>' +
      '<a id="file" href="x" data-jupyter-platform-download="jupyter-platform/api/networks/mlp/archive">x</a>' +
      '<a id="sly" href="/x" data-jupyter-platform-command="filebrowser:delete">x</a>';
    followLinks(commands, 'http://server/me/', page);
  });

  it('should open the job here', () => {
    const event = click('#job b');

    expect(open).toHaveBeenCalledExactlyOnceWith('1f');
    expect(event.defaultPrevented).toBe(true);
  });

  it('should open the page of a network, and the form for one', () => {
    click('#net');
    click('#train');

    expect(open.mock.calls).toEqual([
      [CommandIDs.openNetwork, { network: 'mlp' }],
      [CommandIDs.submit, { type: 'LEARN', network: 'mlp' }]
    ]);
  });

  it('should open what the marketplace offers', () => {
    ['#item', '#batch', '#deployment', '#notebook'].forEach(id => click(id));

    expect(open.mock.calls).toEqual([
      [MarketCommandIDs.openItem, { item: 'digits' }],
      [CommandIDs.submit, { type: 'RUN', item: 'digits' }],
      [MarketCommandIDs.openDeployment, { deployment: '2f' }],
      [MarketCommandIDs.keepNotebook, { notebook: '{}', name: 'digits' }]
    ]);
  });

  it('should let files be downloaded from where the server is', () => {
    const event = click('#file');

    expect(event.defaultPrevented).toBe(false);
    expect(page.querySelector('#file')?.getAttribute('href')).toBe(
      'http://server/me/jupyter-platform/api/networks/mlp/archive'
    );
  });

  it('should run nothing else, whatever a page says', () => {
    const event = click('#sly');

    expect(open).not.toHaveBeenCalled();
    expect(event.defaultPrevented).toBe(false);
  });

  it('should leave other links, and a click for another tab, to the browser', () => {
    const events = [click('#other'), click('#job', { ctrlKey: true })];

    expect(open).not.toHaveBeenCalled();
    expect(events.map(event => event.defaultPrevented)).toEqual([false, false]);
  });
});
