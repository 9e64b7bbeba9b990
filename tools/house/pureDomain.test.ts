import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const project = path.join(root, 'libs', 'domain', 'tsconfig.json');

/** What the compiler says about a project; nothing if all is well. */
function compile(config: string): Promise<string> {
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, '--noEmit', '-p', config], (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

test('the domain compiles without a platform: no clock to wait on, no console, no files, no network', async () => {
  expect(await compile(project)).toBe('');
});

test('under its settings the compiler knows no platform', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-domain-'));
  try {
    const names = ['process', 'console', 'setTimeout', 'fetch', 'Buffer', 'crypto'];
    await writeFile(path.join(folder, 'planted.ts'), `export const platform = [${names.join(', ')}];\n`);
    await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ extends: project, include: ['planted.ts'] }));
    const complaints = await compile(path.join(folder, 'tsconfig.json'));
    for (const name of names) expect(complaints).toMatch(new RegExp(`Cannot find name '${name}'`));
  } finally {
    await rm(folder, { recursive: true });
  }
});
