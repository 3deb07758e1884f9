import type { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { acceptCards, itemCode } from '../cards';

describe('acceptCards()', () => {
  let page: Document;
  const started = vi.fn<(text: unknown, cells: unknown) => void>();

  const move = (type: string, selector: string, x: number): void => {
    const event = new MouseEvent(type, { bubbles: true, clientX: x });
    page.querySelector(selector)?.dispatchEvent(event);
  };

  beforeEach(() => {
    started.mockReset();
    vi.spyOn(Drag.prototype, 'start').mockImplementation(function (this: Drag) {
      const { mimeData } = this as { mimeData: MimeData };
      started(
        mimeData.getData('text/plain'),
        mimeData.getData('application/vnd.jupyter.cells')
      );
      return Promise.resolve('copy');
    });
    page = document.implementation.createHTMLDocument();
    page.body.innerHTML =
      '<ul><li data-jupyter-platform-item="digits"><b>Digits</b></li></ul><p>x</p>';
    acceptCards(page);
  });

  it('should drag the code that calls an item, as text and as a cell', () => {
    move('pointerdown', 'b', 10);
    move('pointermove', 'b', 30);

    const source = itemCode('digits');
    expect(source).toContain('Platform().deploy("digits")');
    expect(started).toHaveBeenCalledExactlyOnceWith(source, [
      expect.objectContaining({ cell_type: 'code', source })
    ]);
  });

  it('should leave clicks, and what is no card, alone', () => {
    move('pointerdown', 'b', 10);
    move('pointermove', 'b', 13);
    move('pointerup', 'b', 13);
    move('pointermove', 'b', 60);
    move('pointerdown', 'p', 10);
    move('pointermove', 'p', 60);

    expect(started).not.toHaveBeenCalled();
  });
});
