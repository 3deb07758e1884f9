import { PageConfig } from '@jupyterlab/coreutils';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { DASHBOARDS_OPTION, listDashboards } from '../dashboards';

afterEach(() => {
  PageConfig.setOption(DASHBOARDS_OPTION, '');
  vi.restoreAllMocks();
});

describe('listDashboards()', () => {
  it('should give what the server has put into the page', () => {
    const known = [{ name: 'sites', title: 'Sites', description: 'Where.' }];
    PageConfig.setOption(DASHBOARDS_OPTION, JSON.stringify(known));

    expect(listDashboards()).toEqual(known);
  });

  it('should give none where the page says nothing, or nothing that can be read', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);

    expect(listDashboards()).toEqual([]);
    PageConfig.setOption(DASHBOARDS_OPTION, '[');
    expect(listDashboards()).toEqual([]);
    expect(warn).toHaveBeenCalledOnce();
  });
});
