import type { JupyterFrontEnd } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { CommandIDs } from '../../tokens';
import { ownData } from '../own-data';

type Item = { path: string; type: string };

let commands: CommandRegistry;
let chosen: Item[];
let opened: ReadonlyPartialJSONObject[];
const addItem = vi.fn();

beforeEach(() => {
  PageConfig.setOption('serverRoot', '/home/ada/');
  commands = new CommandRegistry();
  chosen = [];
  opened = [];
  commands.addCommand(CommandIDs.openDataset, {
    execute: args => {
      opened.push(args);
    }
  });
  const localPath = (path: string): string => path.replace(/^\w+:/, '');
  const app = {
    commands,
    contextMenu: { addItem },
    serviceManager: { contents: { localPath } }
  };
  const browser = { selectedItems: () => chosen };
  void ownData.activate(
    app as unknown as JupyterFrontEnd,
    { tracker: { currentWidget: browser } },
    null
  );
});

const isOffered = (...items: Item[]): boolean => {
  chosen = items;
  return commands.isVisible(CommandIDs.useAsDataset);
};
const file = (path: string): Item => ({ path, type: 'file' });

describe('ownData', () => {
  it('should be offered in the menu of the file browser', () => {
    expect(addItem).toHaveBeenCalledWith(
      expect.objectContaining({ command: CommandIDs.useAsDataset })
    );
  });

  it('should be offered for one file that may be a dataset, or a folder', () => {
    for (const path of ['a.csv', 'A.CSV', 'deep/b.npz', 'c.parquet']) {
      expect(isOffered(file(path)), path).toBe(true);
    }
    expect(isOffered({ path: 'pictures', type: 'directory' })).toBe(true);
    for (const path of ['notes.md', 'csv', 'a.csv.bak', 'run.ipynb']) {
      expect(isOffered(file(path)), path).toBe(false);
    }
    expect(isOffered(file('a.csv'), file('b.csv'))).toBe(false);
    expect(isOffered()).toBe(false);
  });

  it('should show how it would be read, from where it is on the machine', async () => {
    chosen = [file('data/a.csv')];

    await commands.execute(CommandIDs.useAsDataset);
    await commands.execute(CommandIDs.useAsDataset, { path: 'RTC:b.csv' });

    expect(opened).toEqual([
      { add: '/home/ada/data/a.csv' },
      { add: '/home/ada/b.csv' }
    ]);
  });

  it('should do nothing when nothing is chosen', async () => {
    await commands.execute(CommandIDs.useAsDataset);

    expect(opened).toEqual([]);
  });
});
