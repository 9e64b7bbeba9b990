import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { buildPackage } from './buildPackage.ts';
import { checkContents } from './checkContents.ts';
import { packPackage } from './packPackage.ts';
import { publishedPackages } from './publishedPackages.ts';

const built = publishedPackages.filter(({ bundled }) => bundled === undefined);

// What the packages cost to install, and whether users can compile and run them, is a stage of every night.
test.for(built)('$name has the files of a package, and no more than it may have', async (definition) => {
  const staging = await mkdtemp(path.join(os.tmpdir(), 'jobstream-package-'));
  try {
    const packed = await packPackage(await buildPackage(definition, staging), staging);
    expect(await checkContents(packed)).toEqual([]);
    expect(packed.unpackedBytes).toBeLessThanOrEqual(definition.budget.unpackedBytes);
  } finally {
    await rm(staging, { recursive: true });
  }
});
