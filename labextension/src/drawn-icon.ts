import { LabIcon } from '@jupyterlab/ui-components';

/** Draw an icon of 16 × 16 in the colour of JupyterLab's own icons. */
export function icon(name: string, body: string): LabIcon {
  return new LabIcon({
    name: `jupyter-platform:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16"><g class="jp-icon3" fill="#616161">${body}</g></svg>`
  });
}
