import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import {
  useCallback,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore
} from 'react';
import type { RefObject } from 'react';

/** Something with a view that is replaced, never changed in place. */
export interface IObserved<V> {
  readonly view: V;
  readonly changed: ISignal<unknown, void>;
}

/** The view of a model, painted again when it changed. */
export function useView<V>(source: IObserved<V>): V {
  const subscribe = useCallback(
    (listener: () => void) => {
      source.changed.connect(listener);
      return () => {
        source.changed.disconnect(listener);
      };
    },
    [source]
  );
  return useSyncExternalStore(subscribe, () => source.view);
}

/** Something that lives as long as the component. */
export function useDisposable<T extends IDisposable>(make: () => T): T {
  const [item] = useState(make);
  useEffect(() => () => item.dispose(), [item]);
  return item;
}

/** Whether an element can be seen: not in a tab behind, nor scrolled out of the notebook. */
export function useOnScreen(element: RefObject<Element>): boolean {
  const [seen, setSeen] = useState(typeof IntersectionObserver === 'undefined');
  useEffect(() => {
    if (typeof IntersectionObserver === 'undefined' || !element.current) {
      return undefined;
    }
    const observer = new IntersectionObserver(entries =>
      setSeen(entries.some(entry => entry.isIntersecting))
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return seen;
}

/** Width of an element in pixels; 0 until it is known. */
export function useWidth(element: RefObject<HTMLElement>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const { current } = element;
    if (typeof ResizeObserver === 'undefined' || !current) {
      return undefined;
    }
    const observer = new ResizeObserver(() => {
      // Hidden elements have no width: what was drawn for the last one is kept.
      if (current.clientWidth > 0) {
        setWidth(current.clientWidth);
      }
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}

/** A number that changes with the theme, for what is not drawn by the browser itself. */
export function useThemeCount(): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const observer = new MutationObserver(() => setCount(before => before + 1));
    observer.observe(document.body, {
      attributes: true,
      attributeFilter: ['data-jp-theme-name', 'data-jp-theme-light']
    });
    return () => observer.disconnect();
  }, []);
  return count;
}

/** The value of the last rendering that held something. */
export function useLatest<T>(value: T): { readonly current: T } {
  const latest = useRef(value);
  useEffect(() => {
    latest.current = value;
  });
  return latest;
}
