import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { TestProcess } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { addFloorCheck, commandEntry } from './commandEntry.ts';

/** Runs the entry of a command that needs a Node, beside a program that only prints. */
async function runEntry(floor: string) {
  await using folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-entry-'));
  const file = path.join(folder.path, 'jobstream.cjs');
  await writeFile(file, commandEntry({ command: 'jobstream', floor, main: 'main' }));
  await writeFile(path.join(folder.path, 'main.cjs'), "console.log('the program runs');");
  await using run = TestProcess.node(file, { env: {}, ipc: false });
  return { code: await run.ended, output: run.output };
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

test.each([`${major}.${minor}.0`, `${major - 1}.${minor + 1}.0`])(
  'from its floor on, %s, a command runs',
  async (floor) => {
    expect(await runEntry(floor)).toEqual({ code: 0, output: 'the program runs\n' });
  },
);

test.each([
  [`${major}.${minor + 1}.0`, `${major}.${minor + 1}`],
  [`${major + 1}.0.0`, String(major + 1)],
])('below its floor, %s, it says in one line which Node is needed, and runs nothing', async (floor, spoken) => {
  expect(await runEntry(floor)).toEqual({
    code: 2,
    output: `jobstream: Node ${spoken} or newer is needed, and this is ${process.versions.node}: install a newer one and try again.\n`,
  });
});

test.each([
  [`${major}.${minor}.0`, { code: 0, output: 'the library runs\n' }],
  [
    `${major + 1}.0.0`,
    {
      code: 2,
      output: `@jobstream/worker: Node ${major + 1} or newer is needed, and this is ${process.versions.node}: install a newer one and try again.\n`,
    },
  ],
])('a library with the floor %s checks it before its other imports', async (floor, expected) => {
  await using folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-floor-'));
  const file = (name: string) => path.join(folder.path, name);
  await writeFile(file('package.json'), '{"type": "module"}');
  await writeFile(file('rest.js'), "console.log('the library runs');");
  await writeFile(file('index.js'), "import './rest.js';");
  await addFloorCheck({ name: '@jobstream/worker', floor }, folder.path);
  await using run = TestProcess.node(file('index.js'), { env: {}, ipc: false });
  expect({ code: await run.ended, output: run.output }).toEqual(expected);
});
