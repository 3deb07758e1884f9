import { LabIcon } from '@jupyterlab/ui-components';

import type { JobState } from './wire';

/** Draw an icon of 16 × 16 in the colour of JupyterLab's own icons. */
function icon(name: string, body: string): LabIcon {
  return new LabIcon({
    name: `jupyter-platform:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16"><g class="jp-icon3" fill="#616161">${body}</g></svg>`
  });
}

/** The platform itself: a network of three layers. */
export const platformIcon = icon(
  'platform',
  '<path d="M4 4.5 8 8m-4 3.5L8 8m4-3.5L8 8m4 3.5L8 8" fill="none" stroke="#616161" class="jp-icon3-stroke" stroke-width="1.2"/><circle cx="3" cy="4" r="2"/><circle cx="3" cy="12" r="2"/><circle cx="8" cy="8" r="2.2"/><circle cx="13" cy="4" r="2"/><circle cx="13" cy="12" r="2"/>'
);

export const jobIcon = icon(
  'job',
  '<path d="M1.5 13.5v-11h1.2v9.8h11.8v1.2z"/><path d="M4 4.2c1.2 4.4 3.2 5.9 9.8 6.1v-1.2C8.2 8.9 6.3 7.7 5.2 3.9z"/>'
);

export const dashboardIcon = icon(
  'dashboard',
  '<path d="M2 2h5v7H2zM9 2h5v4H9zM9 8h5v6H9zM2 11h5v3H2z"/>'
);

export const trashIcon = icon(
  'trash',
  '<path d="M6 1.5h4v1h3.5v1.3h-11V2.5H6zM3.5 5h9l-.7 9.5H4.2zm2.3 1.3.3 6.9h1l-.3-6.9zm3.4 0-.3 6.9h1l.3-6.9z"/>'
);

/** Each state has a shape of its own, so that none needs its colour to be told from the others. */
const SHAPES: { readonly [state in JobState]: string } = {
  queued:
    '<path d="M4 1.5h8v1.3h-.8c0 2.6-1 3.9-2.3 5.2 1.3 1.3 2.3 2.6 2.3 5.2h.8v1.3H4v-1.3h.8c0-2.6 1-3.9 2.3-5.2-1.3-1.3-2.3-2.6-2.3-5.2H4z"/>',
  starting:
    '<circle cx="3.5" cy="8" r="1.7"/><circle cx="8" cy="8" r="1.7"/><circle cx="12.5" cy="8" r="1.7"/>',
  running: '<path d="M4 2.5v11L13.5 8z"/>',
  stopping:
    '<path d="M3 3h10v10H3zm1.4 1.4v7.2h7.2V4.4z" fill-rule="evenodd"/>',
  paused: '<path d="M4 3h3v10H4zM9 3h3v10H9z"/>',
  unreachable:
    '<path d="M8 1.5 15 14H1zm-.8 4.8v3.9h1.6V6.3zm0 5v1.5h1.6v-1.5z" fill-rule="evenodd"/>',
  finished: '<path d="m2.2 8.6 1.2-1.2 3 3 6.2-6.6 1.2 1.2-7.4 7.8z"/>',
  stopped: '<path d="M3.5 3.5h9v9h-9z"/>',
  failed:
    '<path d="m3.2 4.5 1.3-1.3L8 6.7l3.5-3.5 1.3 1.3L9.3 8l3.5 3.5-1.3 1.3L8 9.3l-3.5 3.5-1.3-1.3L6.7 8z"/>',
  cancelled:
    '<path d="M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2m0 1.4a4.6 4.6 0 1 0 0 9.2 4.6 4.6 0 0 0 0-9.2m-2.6 3.9h5.2v1.4H5.4z" fill-rule="evenodd"/>'
};

const STATE_ICONS = new Map(
  Object.entries(SHAPES).map(([state, shape]) => [
    state,
    icon(`state-${state}`, shape)
  ])
);

/** The icon of a state; the question mark's place is taken by the warning of `unreachable`. */
export function stateIcon(state: JobState): LabIcon {
  return STATE_ICONS.get(state) ?? STATE_ICONS.get('unreachable') ?? jobIcon;
}
