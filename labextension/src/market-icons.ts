import { icon } from './drawn-icon';

/** The marketplace: a stall with an awning. */
export const marketplaceIcon = icon(
  'marketplace',
  '<path d="M2.2 1.8h11.6L15 6a2 2 0 0 1-2.3 1.9A2.3 2.3 0 0 1 8 8a2.3 2.3 0 0 1-4.7-.1A2 2 0 0 1 1 6z"/><path d="M2.2 9.2h1.3v3.8h9V9.2h1.3v5.1H2.2z"/><path d="M6 10h4v3H6z"/>'
);

/** Deployments: what stands and answers. */
export const deploymentIcon = icon(
  'deployment',
  '<path d="M8 1c2.6 1.6 3.7 4 3.7 6.5l1.8 2v3l-3-1.2h-5l-3 1.2v-3l1.8-2C4.3 5 5.4 2.6 8 1m0 4.2a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3" fill-rule="evenodd"/><path d="M6.5 12.3h3L8 15.5z"/>'
);

/** Publishing: an arrow that leaves a tray. */
export const publishIcon = icon(
  'publish',
  '<path d="M2 9.5h1.3v3.7h9.4V9.5H14v5H2z"/><path d="M7.4 11V5H5l3-3.6L11 5H8.6v6z"/>'
);
