// What JupyterLab's packages use as soon as they are loaded and jsdom does not have.

class DragEvent extends MouseEvent {}

class MediaQueryList extends EventTarget {
  readonly matches = false;
  onchange = null;

  constructor(readonly media: string) {
    super();
  }

  addListener(): void {}
  removeListener(): void {}
}

const missing: Record<string, unknown> = {
  DragEvent,
  matchMedia: (query: string) => new MediaQueryList(query),
  requestIdleCallback: (callback: IdleRequestCallback) =>
    window.setTimeout(
      () => callback({ didTimeout: false, timeRemaining: () => 50 }),
      0
    ),
  cancelIdleCallback: (handle: number) => window.clearTimeout(handle)
};

for (const [name, value] of Object.entries(missing)) {
  if (Reflect.get(window, name) === undefined) {
    Object.defineProperty(window, name, { value, configurable: true });
  }
}

export {};
