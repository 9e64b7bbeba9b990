import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { TestProcess } from '@jobstream/test-support';
import { expect, test } from 'vitest';

const program = path.join(import.meta.dirname, 'runHandlers.ts');

test.each([
  ['an import', "import 'node:fs';\n"],
  ['an export', 'export const x = 1;\n'],
])('%s in a module that Node reads as CommonJS is answered with what to do', async (_what, code) => {
  await using folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-handlers-'));
  const file = path.join(folder.path, 'jobs.ts');
  await writeFile(path.join(folder.path, 'package.json'), '{ "type": "commonjs" }');
  await writeFile(file, code);
  await using running = TestProcess.node(program, { args: [file], env: {} });
  expect(await running.ended).toBe(1);
  expect(running.stderr).toContain(`${file} is read as CommonJS: set "type": "module" in your package.json`);
});
