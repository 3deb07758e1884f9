import type { Drag } from '@lumino/dragdrop';

/** Type under which JupyterLab's file browser names what is dragged. */
const CONTENTS = 'application/x-jupyter-icontents';
/** Where files may be dropped: the panel of the datasets, the submit form, the sidebar. */
const TARGETS =
  '#jupyter-platform-panel-datasets, .jp-Platform-submit, .jp-Platform-sidebar';
const MARK = 'jp-mod-dropTarget';

/**
 * Let files and folders that are dragged out of the file browser be dropped on our widgets.
 *
 * @param root - where they are listened for
 * @param dropped - is given the path of the first of them
 */
export function acceptDrops(
  root: Document,
  dropped: (path: string) => void
): void {
  let marked: Element | null = null;
  const mark = (target: Element | null): void => {
    marked?.classList.remove(MARK);
    target?.classList.add(MARK);
    marked = target;
  };
  const listen = (
    type: string,
    act: (event: Drag.Event, target: Element) => void
  ): void => {
    root.addEventListener(
      type,
      given => {
        const event = given as Drag.Event;
        const target = targetOf(event);
        if (target && event.mimeData.hasData(CONTENTS)) {
          event.preventDefault();
          event.stopPropagation();
          act(event, target);
        } else if (type === 'lm-dragenter') {
          mark(null);
        }
      },
      true
    );
  };
  listen('lm-dragenter', (_, target) => mark(target));
  listen('lm-dragleave', (event, target) => {
    // The next part of one widget is entered before the last one is left.
    const next = event.relatedTarget;
    if (!(next instanceof Element) || next.closest(TARGETS) !== target) {
      mark(null);
    }
  });
  listen('lm-dragover', event => {
    event.dropAction = event.proposedAction;
  });
  listen('lm-drop', event => {
    mark(null);
    event.dropAction = 'copy';
    const paths = event.mimeData.getData(CONTENTS) as unknown;
    if (Array.isArray(paths) && typeof paths[0] === 'string') {
      dropped(paths[0]);
    }
  });
}

function targetOf(event: Event): Element | null {
  return event.target instanceof Element ? event.target.closest(TARGETS) : null;
}
