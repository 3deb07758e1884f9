import { spawnSync } from 'node:child_process';

import { describe, expect, it } from 'vitest';

import { openingCode } from '../opening-code';

describe('openingCode()', () => {
  it('should name the interpreter that lacks the package, and the cure', () => {
    // Without site-packages, as the Python of another environment is.
    const { stderr, status } = spawnSync(
      'python3',
      ['-I', '-S', '-c', openingCode(['networks', '1.0', 'a "b"'])],
      { encoding: 'utf8' }
    );

    expect(status).toBe(1);
    expect(stderr).toMatch(
      /ModuleNotFoundError: The kernel of the panels is \/.*python.*, which has no package 'jupyter_platform'\./
    );
    expect(stderr).toMatch(/python\S* -m pip install jupyter-platform;/);
    expect(stderr).not.toContain('During handling');
  });
});
