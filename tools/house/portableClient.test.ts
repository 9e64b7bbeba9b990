import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { importsOf } from './importsOf.ts';

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(root, 'libs', 'client');
const project = path.join(folder, 'tsconfig.json');

/** What the compiler says about a project; nothing if all is well. */
function compile(config: string): Promise<string> {
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, '--noEmit', '-p', config], (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

test('the client compiles with what browsers and Node have in common', async () => {
  expect(await compile(project)).toBe('');
});

test('under its settings the compiler knows nothing of Node', async () => {
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'jobstream-client-'));
  try {
    await writeFile(path.join(scratch, 'planted.ts'), 'export const platform = [process, Buffer, setImmediate];\n');
    await writeFile(path.join(scratch, 'tsconfig.json'), JSON.stringify({ extends: project, include: ['planted.ts'] }));
    const complaints = await compile(path.join(scratch, 'tsconfig.json'));
    for (const name of ['process', 'Buffer', 'setImmediate'])
      expect(complaints).toContain(`Cannot find name '${name}'`);
  } finally {
    await rm(scratch, { recursive: true });
  }
});

test('the client brings all that it needs: its files import each other alone', () => {
  const files = globSync('src/*.ts', { cwd: folder }).filter((file) => !file.endsWith('.test.ts'));
  const imports = files.flatMap((file) => importsOf(readFileSync(path.join(folder, file), 'utf8')));
  expect(imports.length).toBeGreaterThan(20);
  expect(imports.filter((name) => !name.startsWith('./'))).toEqual([]);
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as object;
  expect(manifest).not.toHaveProperty('dependencies');
});
