import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';

/** Type under which notebooks take cells that are dropped on them. */
const CELLS = 'application/vnd.jupyter.cells';
/** Pixels that the pointer moves before a card follows it. */
const THRESHOLD = 6;
/** Cards of the marketplace. */
const CARD = 'li[data-jupyter-platform-item]';

/** The Python code that deploys an item and calls it. */
export function itemCode(item: string): string {
  return [
    'from jupyter_platform import Platform',
    '',
    `deployment = Platform().deploy(${JSON.stringify(item)}).wait_ready()`,
    'deployment.predict()  # with the arguments of the item'
  ].join('\n');
}

/**
 * Let cards of the marketplace be dragged into notebooks, where they become the code that calls
 * the item.
 *
 * @param root - where they are listened for
 */
export function acceptCards(root: Document): void {
  let pressed: { item: string; x: number; y: number } | null = null;
  root.addEventListener(
    'pointerdown',
    event => {
      const target = event.target instanceof Element ? event.target : null;
      const item = target?.closest<HTMLElement>(CARD)?.dataset;
      pressed =
        item?.jupyterPlatformItem && event.button === 0
          ? {
              item: item.jupyterPlatformItem,
              x: event.clientX,
              y: event.clientY
            }
          : null;
    },
    true
  );
  const release = (): void => {
    pressed = null;
  };
  root.addEventListener('pointerup', release, true);
  root.addEventListener('pointercancel', release, true);
  root.addEventListener(
    'pointermove',
    event => {
      // A finger scrolls.
      if (!pressed || event.pointerType === 'touch') {
        return;
      }
      const { item, x, y } = pressed;
      if (Math.hypot(event.clientX - x, event.clientY - y) >= THRESHOLD) {
        pressed = null;
        void drag(root, item, event);
      }
    },
    true
  );
}

async function drag(
  root: Document,
  item: string,
  { clientX, clientY }: PointerEvent
): Promise<void> {
  const mimeData = new MimeData();
  const code = itemCode(item);
  mimeData.setData('text/plain', code);
  mimeData.setData(CELLS, [
    {
      cell_type: 'code',
      source: code,
      metadata: {},
      outputs: [],
      execution_count: null
    }
  ]);
  const image = root.createElement('div');
  image.className = 'jp-Platform-dragged';
  image.textContent = item;
  const dragged = new Drag({
    document: root,
    mimeData,
    dragImage: image,
    supportedActions: 'copy',
    proposedAction: 'copy'
  });
  // The click that ends a drag opens nothing.
  const swallow = (event: Event): void => {
    event.preventDefault();
    event.stopPropagation();
  };
  root.addEventListener('click', swallow, true);
  await dragged.start(clientX, clientY);
  dragged.dispose();
  window.setTimeout(() => root.removeEventListener('click', swallow, true));
}
