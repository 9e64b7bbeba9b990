import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { TestProcess } from '@jobstream/test-support';
import { expect, test } from 'vitest';

const source = pathToFileURL(path.join(import.meta.dirname, 'reportLoadedFiles.ts')).href;

test.each([
  ['of this Node', 'undefined'],
  ['of Node before 22.15', '{}'],
])('each module that is loaded is named, with the hooks %s', async (_which, hooks) => {
  await using folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-loaded-'));
  const place = (file: string) => path.join(folder.path, file);
  await writeFile(place('inner.mjs'), 'export const inner = 1;');
  await writeFile(place('outer.mjs'), "import './inner.mjs';");
  const program = `import { reportLoadedFiles } from ${JSON.stringify(source)};
    reportLoadedFiles((url) => console.log('loaded', url), ${hooks});
    await import('./outer.mjs');
    setInterval(() => undefined, 60_000);`;
  await writeFile(place('program.mjs'), program);
  await using running = TestProcess.node(place('program.mjs'), { env: {}, ipc: false });
  for (const file of ['outer.mjs', 'inner.mjs']) await running.wrote(`loaded ${pathToFileURL(place(file)).href}\n`);
  expect(running.stderr).toBe('');
});
