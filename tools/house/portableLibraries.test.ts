import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { compile } from './compile.ts';
import { root } from './plantedTree.ts';

describe.each([
  ['libs/domain', ['process', 'console', 'setTimeout', 'fetch', 'Buffer', 'crypto']],
  ['libs/client', ['process', 'Buffer', 'setImmediate']],
])('%s', (library, names) => {
  const project = path.join(root, library, 'tsconfig.json');

  test('compiles without what its platforms do not have in common', async () => {
    expect(await compile(project)).toBe('');
  });

  test('does not compile when it uses them', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-portable-'));
    try {
      await writeFile(path.join(folder, 'planted.ts'), `export const platform = [${names.join(', ')}];\n`);
      const settings = { extends: project, include: ['planted.ts'] };
      await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(settings));
      const complaints = await compile(path.join(folder, 'tsconfig.json'));
      for (const name of names) expect(complaints).toContain(`Cannot find name '${name}'`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
