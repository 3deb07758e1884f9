import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { VERSION } from '../version';

describe('VERSION', () => {
  it('should be that of the package', () => {
    const manifest = readFileSync('package.json', 'utf-8');

    expect(VERSION).toBe((JSON.parse(manifest) as { version: string }).version);
  });
});
