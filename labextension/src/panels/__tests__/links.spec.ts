import { CommandRegistry } from '@lumino/commands';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { CommandIDs } from '../../tokens';
import { followJobLinks } from '../links';

describe('followJobLinks()', () => {
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
    page = document.implementation.createHTMLDocument();
    page.body.innerHTML =
      '<a id="job" href="/lab?job=1f" data-jupyter-platform-job="1f"><b>1f</b></a><a id="other" href="/x">x</a>';
    followJobLinks(commands, page);
  });

  it('should open the job here', () => {
    const event = click('#job b');

    expect(open).toHaveBeenCalledExactlyOnceWith('1f');
    expect(event.defaultPrevented).toBe(true);
  });

  it('should leave other links, and a click for another tab, to the browser', () => {
    const events = [click('#other'), click('#job', { ctrlKey: true })];

    expect(open).not.toHaveBeenCalled();
    expect(events.map(event => event.defaultPrevented)).toEqual([false, false]);
  });
});
