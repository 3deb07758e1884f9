import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { IPanelKernel, KernelPhase } from '../kernel';
import { PanelTab } from '../tab';

/** A kernel that opens panels when it is told to. */
class ManualKernel implements IPanelKernel {
  readonly changed = new Signal<this, KernelPhase>(this);
  readonly renewed = new Signal<this, void>(this);
  readonly openings: IOpening[] = [];
  restarts = 0;
  shown = 0;
  checks = 0;

  open(): Promise<Widget> {
    const opening = {} as IOpening;
    const promise = new Promise<Widget>((resolve, reject) => {
      Object.assign(opening, { resolve, reject });
    });
    this.openings.push(opening);
    return promise;
  }

  restart(): Promise<void> {
    this.restarts++;
    return Promise.resolve();
  }

  check(): void {
    this.checks++;
  }

  enter(): void {
    this.shown++;
  }

  leave(): void {
    this.shown--;
  }
}

interface IOpening {
  resolve(view: Widget): void;
  reject(error: Error): void;
}

const trans = nullTranslator.load('jupyter_platform');

describe('PanelTab', () => {
  let kernel: ManualKernel;
  let tab: PanelTab;

  const notice = (): HTMLElement =>
    tab.node.querySelector<HTMLElement>('[role="status"]')!;
  const button = (): HTMLButtonElement | null =>
    notice().querySelector('button');
  const settled = (): Promise<void> => vi.waitFor(() => Promise.resolve());

  beforeEach(() => {
    kernel = new ManualKernel();
    tab = new PanelTab('networks', kernel, trans);
    Widget.attach(tab, document.body);
  });

  afterEach(() => {
    tab.dispose();
  });

  it('should say that it opens, and then show the panel alone', async () => {
    expect(notice().textContent).toBe('Opening…');

    const view = new Widget();
    kernel.openings[0].resolve(view);
    await settled();

    expect(notice().hidden).toBe(true);
    expect(tab.widgets).toEqual([view]);
  });

  it('should say why it cannot be opened, and try again', async () => {
    kernel.openings[0].reject(new Error('No Python here.'));
    await vi.waitFor(() => expect(button()).not.toBeNull());
    expect(notice().textContent).toContain('No Python here.');

    button()?.click();
    kernel.openings[1].resolve(new Widget());
    await vi.waitFor(() => expect(notice().hidden).toBe(true));

    expect(tab.widgets).toHaveLength(1);
  });

  it('should offer to restart a kernel that has ended, above what was shown', async () => {
    const first = new Widget();
    kernel.openings[0].resolve(first);
    await settled();

    kernel.changed.emit('gone');
    expect(tab.widgets).toEqual([first]);
    expect(tab.hasClass('jp-mod-dimmed')).toBe(true);
    button()?.click();
    expect(kernel.restarts).toBe(1);

    kernel.changed.emit('restarting');
    kernel.changed.emit('live');
    kernel.renewed.emit();
    const second = new Widget();
    kernel.openings[1].resolve(second);
    await vi.waitFor(() => expect(tab.widgets).toEqual([second]));

    expect(first.isDisposed).toBe(true);
    expect(tab.hasClass('jp-mod-dimmed')).toBe(false);
  });

  it('should keep the newest of two openings, whichever comes first', async () => {
    kernel.renewed.emit();
    const older = new Widget();
    const newer = new Widget();
    kernel.openings[1].resolve(newer);
    kernel.openings[0].resolve(older);
    await vi.waitFor(() => expect(older.isDisposed).toBe(true));

    expect(tab.widgets).toEqual([newer]);
  });

  it('should tell the kernel, once, that it is shown no more', () => {
    expect(kernel.shown).toBe(1);

    tab.dispose();
    tab.dispose();

    expect(kernel.shown).toBe(0);
  });

  it('should be gone for good when it is closed', () => {
    tab.close();

    expect(tab.isDisposed).toBe(true);
    expect(kernel.shown).toBe(0);
  });

  it('should look after the kernel when somebody uses the panel', () => {
    tab.node.dispatchEvent(new Event('pointerdown'));
    tab.node.dispatchEvent(new KeyboardEvent('keydown', { key: 'a' }));

    expect(kernel.checks).toBe(2);
  });

  it('should drop a panel that comes after the tab was closed', async () => {
    const view = new Widget();
    tab.dispose();
    kernel.openings[0].resolve(view);

    await vi.waitFor(() => expect(view.isDisposed).toBe(true));
  });
});
