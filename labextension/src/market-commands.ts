/** Commands about items of the marketplace and what was deployed from it. */
export const MarketCommandIDs = {
  openMarketplace: 'jupyter-platform:open-marketplace',
  /** `{ item: <name> }`. */
  openItem: 'jupyter-platform:open-item',
  openDeployments: 'jupyter-platform:open-deployments',
  /** `{ deployment: <id> }`. */
  openDeployment: 'jupyter-platform:open-deployment',
  /** `{ name, notebook: <its JSON> }`: keep a notebook beside what is open in the file browser. */
  keepNotebook: 'jupyter-platform:keep-notebook',
  /** `{ job }`. */
  deployJob: 'jupyter-platform:deploy-job'
} as const;
