import type { IOutput } from '@jupyterlab/nbformat';

import type { IJob } from '../wire';
import { valueText } from './option-text';

/** One cell of a notebook that ran as a job. */
export interface IExecutedCell {
  readonly isCode: boolean;
  readonly source: string;
  readonly outputs: readonly IOutput[];
}

/** Name of the notebook that a job comes back as; null for what is none. */
export function executedName(job: IJob): string | null {
  switch (job.category) {
    case 'CELL':
      return 'cell.ipynb';
    case 'NOTEBOOK': {
      const path = valueText(job.options.script ?? '');
      return path.slice(path.lastIndexOf('/') + 1) || null;
    }
    default:
      return null;
  }
}

/** Read the cells out of the JSON of a notebook; what is none gives no cells. */
export function readCells(content: unknown): IExecutedCell[] {
  const cells = (content as { cells?: unknown } | null)?.cells;
  if (!Array.isArray(cells)) {
    return [];
  }
  return cells.map((cell: { [key: string]: unknown }) => ({
    isCode: cell.cell_type === 'code',
    source: joined(cell.source),
    outputs: Array.isArray(cell.outputs) ? (cell.outputs as IOutput[]) : []
  }));
}

function joined(source: unknown): string {
  if (Array.isArray(source)) {
    return source.join('');
  }
  return typeof source === 'string' ? source : '';
}
