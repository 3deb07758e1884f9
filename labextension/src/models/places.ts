import { URLExt } from '@jupyterlab/coreutils';

import type { IPlace, IPlaces } from '../tokens';

/** Ranks of one group of a menu. */
const GROUP = 100;

/** The places that plugins have offered, in order. */
export class Places implements IPlaces {
  /**
   * @param hasTabs - whether this application has tabs of a main area
   * @param _baseUrl - of the Jupyter server
   */
  constructor(
    readonly hasTabs: boolean,
    private readonly _baseUrl: string
  ) {}

  get list(): readonly IPlace[] {
    return this._list;
  }

  add(place: IPlace): void {
    if (this._list.some(({ name }) => name === place.name)) {
      throw new Error(`There is a place named ${place.name} already.`);
    }
    this._list = [...this._list, place].sort(
      (one, other) => one.rank - other.rank
    );
  }

  visit(query: { readonly [word: string]: string }): void {
    window.open(labAddress(this._baseUrl, query), '_blank');
  }

  private _list: readonly IPlace[] = [];
}

/** The address at which JupyterLab opens what a query asks for. */
export function labAddress(
  baseUrl: string,
  query: { readonly [word: string]: string }
): string {
  const words = new URLSearchParams(query).toString();
  return `${URLExt.join(baseUrl, 'lab')}?${words}`;
}

/** Whether a line stands between two places of a menu. */
export function isNewGroup(before: IPlace | undefined, place: IPlace): boolean {
  return (
    before !== undefined &&
    Math.floor(before.rank / GROUP) !== Math.floor(place.rank / GROUP)
  );
}
