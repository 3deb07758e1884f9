import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { afterEach, describe, expect, it, vi } from 'vitest';

import type { IVersion } from '../tokens';
import { Sidebar } from '../widgets/sidebar';

const opened: Sidebar[] = [];

function open(fetchVersion: () => Promise<IVersion>): HTMLElement {
  const trans = nullTranslator.load('jupyter_platform');
  const sidebar = new Sidebar({ fetchVersion, trans });
  opened.push(sidebar);
  Widget.attach(sidebar, document.body);
  return sidebar.node;
}

afterEach(() => {
  opened.splice(0).forEach(sidebar => sidebar.dispose());
});

describe('Sidebar', () => {
  it('should show the version of the platform', async () => {
    const node = open(() => Promise.resolve({ version: '1.2.3' }));

    await vi.waitFor(() => expect(node.textContent).toContain('Version 1.2.3'));
  });

  it('should say why the platform does not answer', async () => {
    const node = open(() => Promise.reject(new Error('The port is closed.')));

    await vi.waitFor(() =>
      expect(node.textContent).toContain('The port is closed.')
    );
  });
});
