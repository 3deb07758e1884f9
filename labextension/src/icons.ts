import type { LabIcon } from '@jupyterlab/ui-components';

import { icon } from './drawn-icon';
import type { JobState } from './wire';

/** The platform itself: a network of three layers. */
export const platformIcon = icon(
  'platform',
  '<path d="M4 4.5 8 8m-4 3.5L8 8m4-3.5L8 8m4 3.5L8 8" fill="none" stroke="#616161" class="jp-icon3-stroke" stroke-width="1.2"/><circle cx="3" cy="4" r="2"/><circle cx="3" cy="12" r="2"/><circle cx="8" cy="8" r="2.2"/><circle cx="13" cy="4" r="2"/><circle cx="13" cy="12" r="2"/>'
);

export const jobIcon = icon(
  'job',
  '<path d="M1.5 13.5v-11h1.2v9.8h11.8v1.2z"/><path d="M4 4.2c1.2 4.4 3.2 5.9 9.8 6.1v-1.2C8.2 8.9 6.3 7.7 5.2 3.9z"/>'
);

/** A table of jobs. */
export const tableIcon = icon(
  'table',
  '<path d="M1.5 2.5h13v11h-13zm1.2 4.2v2h3v-2zm4.2 0v2h6.4v-2zm-4.2 3.2v2.4h3V9.9zm4.2 0v2.4h6.4V9.9z" fill-rule="evenodd"/>'
);

/** Two curves over each other. */
export const compareIcon = icon(
  'compare',
  '<path d="M1.5 13.5v-11h1.2v9.8h11.8v1.2z"/><path d="M4 4c1.5 4.6 4 6.2 9.8 6.4V9.2C8.8 9 6.5 7.6 5.2 3.6z"/><path d="M4 9.5c3-.4 5-2.8 9.8-6.3l.7 1C9.5 7.800 7.300 10.300 4 10.700z"/>'
);

export const dashboardIcon = icon(
  'dashboard',
  '<path d="M2 2h5v7H2zM9 2h5v4H9zM9 8h5v6H9zM2 11h5v3H2z"/>'
);

/** The hosts: a rack of machines. */
export const infrastructureIcon = icon(
  'infrastructure',
  '<path d="M2 2.5h12v4.2H2zm1.2 1.2v1.8h9.6V3.7zM2 9.3h12v4.2H2zm1.2 1.2v1.8h9.6v-1.8z" fill-rule="evenodd"/><path d="M4 4.1h2v1H4zm0 6.8h2v1H4zm6.5-6.8h1.3v1h-1.3zm0 6.8h1.3v1h-1.3zM7.4 6.7h1.2v2.6H7.4z"/>'
);

/** Networks: a graph of layers. */
export const networkIcon = icon(
  'network',
  '<path d="M2 1.8h12v3H2zm2 4.7h8v3H4zm2 4.7h4v3H6z"/>'
);

/** Datasets: a stack of samples. */
export const datasetIcon = icon(
  'dataset',
  '<ellipse cx="8" cy="3.6" rx="5.8" ry="2.1"/><path d="M2.2 5.3c.9 1.2 3.2 1.8 5.8 1.8s4.9-.6 5.8-1.8v2.600c-.9 1.2-3.2 1.8-5.8 1.800s-4.9-.6-5.8-1.800zm0 4.300c.9 1.2 3.2 1.8 5.8 1.800s4.9-.6 5.8-1.800v2.700c-.9 1.2-3.2 1.8-5.8 1.800s-4.9-.6-5.8-1.800z"/>'
);

/** Building a network: a block that is put in place between two others. */
export const buildIcon = icon(
  'build',
  '<path d="M1.5 10h5.200v4.500H1.500zm7.8 0h5.200v4.500H9.300z"/><path d="M7.4 1.500h1.2v3.600h2.400L8 8.6 5 5.100h2.400z"/>'
);

/** Continuing: an arrow that goes on from where something ended. */
export const continueIcon = icon(
  'continue',
  '<path d="M2 3h1.500v10H2zM5 3l8.5 5L5 13z"/>'
);

/** Evaluating: a gauge. */
export const evaluateIcon = icon(
  'evaluate',
  '<path d="M8 3a6.5 6.5 0 0 1 6.5 6.500c0 1.3-.4 2.5-1 3.500H2.500a6.5 6.5 0 0 1-1-3.500A6.5 6.5 0 0 1 8 3m0 1.300a5.2 5.2 0 0 0-4.7 7.400h9.400A5.2 5.2 0 0 0 8 4.3"/><path d="m11.3 5.7.8.8-3.1 4.200a1.3 1.3 0 1 1-1.9-1.900z"/>'
);

/** Trying: a sample that goes in and an answer that comes out. */
export const tryIcon = icon(
  'try',
  '<path d="M1.5 7.300h4.200V5.200L9 8l-3.3 2.800V8.700H1.500z"/><path d="M8 2h6.500v12H8v-2.500l1.3-1.100v2.300h3.900V3.300H9.300v2.300L8 4.500z"/>'
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
