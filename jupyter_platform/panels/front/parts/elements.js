/** Elements of pages, in few words. */

const KINDS = { module: 'Module', tool: 'Tool' };
const ICONS = {
  module: 'M2 1.8h12v3H2zm2 4.7h8v3H4zm2 4.7h4v3H6z',
  tool: 'M14.2 4.4a3.6 3.6 0 0 1-4.8 4.3l-5 5a1.6 1.6 0 0 1-2.200-2.200l5-5a3.600 3.600 0 0 1 4.400-4.700L9.500 3.900l.5 2.100 2.100.500z'
};

/** Make an element; properties that begin with `on` are listeners, the others attributes. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value);
    } else if (value !== null && value !== false) {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  element.append(...children.filter(child => child !== null));
  return element;
}

export function button(label, properties, ...children) {
  const shown = children.length ? children : [label];
  const name = children.length ? label : null;
  return make(
    'button',
    { type: 'button', 'aria-label': name, ...properties },
    ...shown
  );
}

export function icon(kind) {
  const namespace = 'http://www.w3.org/2000/svg';
  const drawing = document.createElementNS(namespace, 'svg');
  drawing.setAttribute('viewBox', '0 0 16 16');
  drawing.setAttribute('class', 'jp-PlatformItems-icon');
  drawing.setAttribute('role', 'img');
  drawing.setAttribute('aria-label', KINDS[kind]);
  const path = document.createElementNS(namespace, 'path');
  path.setAttribute('d', ICONS[kind] ?? ICONS.module);
  drawing.append(path);
  return drawing;
}
