import { describe, expect, it, vi } from 'vitest';

import { Places, isNewGroup } from '../places';

const HOSTS = { name: 'hosts', command: 'open-hosts', rank: 300 };
const TABLE = { name: 'table', command: 'open-table', rank: 100 };
const GRAPHS = { name: 'graphs', command: 'open-graphs', rank: 101 };

describe('places', () => {
  it('are listed by their rank, whichever plugin was first', () => {
    const places = new Places(true, '/');
    [HOSTS, GRAPHS, TABLE].forEach(place => places.add(place));

    expect(places.list).toEqual([TABLE, GRAPHS, HOSTS]);
  });

  it('have one name each, as links tell them by it', () => {
    const places = new Places(true, '/');
    places.add(TABLE);

    expect(() => places.add(TABLE)).toThrow('table');
  });

  it('stand in groups', () => {
    expect(isNewGroup(undefined, TABLE)).toBe(false);
    expect(isNewGroup(TABLE, GRAPHS)).toBe(false);
    expect(isNewGroup(GRAPHS, HOSTS)).toBe(true);
  });

  it('are visited in JupyterLab, below the address of the server', () => {
    const open = vi.spyOn(window, 'open').mockReturnValue(null);

    new Places(false, '/user/ada/').visit({ open: 'a b' });

    expect(open).toHaveBeenCalledWith('/user/ada/lab?open=a+b', '_blank');
  });
});
