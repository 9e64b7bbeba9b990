import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { stages } from '../src/ci/stages.ts';
import { flakyEntries } from '../src/testRun/flakyList.ts';
import { slowReasons } from '../src/testRun/slowFilesFirst.ts';
import { root } from './plantedTree.ts';

const run = promisify(execFile);

/** Tests of a user's project, which the stage `packages` runs. */
const OF_USERS = 'examples/app/test/';
/** The command that runs the tests of each project of vitest.config.ts. */
const COMMANDS: Readonly<Record<string, string>> = {
  tests: 'npm test',
  schedules: 'npm test',
  system: 'npm run test:system',
  dashboard: 'npm run test:dashboard',
};

/** Returns the test files of the repository. */
async function testFiles(): Promise<readonly string[]> {
  const words = ['ls-files', '--cached', '--others', '--exclude-standard', '*.test.ts', '*.test.tsx', '*.test.mjs'];
  const { stdout } = await run('git', words, { cwd: root });
  return stdout.trim().split('\n');
}

function measurements(page: string): Promise<string> {
  return readFile(path.join(root, 'docs/measurements', page), 'utf8');
}

test('each test file is run by exactly one command', async () => {
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const { stdout } = await run(process.execPath, [vitest, 'list', '--filesOnly', '--json'], { cwd: root });
  const listed = JSON.parse(stdout) as readonly { readonly file: string; readonly projectName: string }[];
  const files = (await testFiles()).filter((file) => !file.startsWith(OF_USERS));
  expect(listed.map(({ file }) => path.relative(root, file)).toSorted()).toEqual(files.toSorted());
  expect(new Set(listed.map(({ projectName }) => projectName))).toEqual(new Set(Object.keys(COMMANDS)));
});

test('each of these commands is a stage', () => {
  const commands = stages.map(({ command }) => command.split(' -- ')[0]);
  expect(commands).toEqual(expect.arrayContaining(Object.values(COMMANDS)));
});

test('what the lists of flaky and of slow files name exists', async () => {
  const flaky = flakyEntries(await measurements('flaky.md')).map(({ file }) => file);
  const slow = [...slowReasons(await measurements('slow-tests.md')).keys()];
  const files = new Set(await testFiles());
  expect([...flaky, ...slow].filter((file) => !files.has(file))).toEqual([]);
});
