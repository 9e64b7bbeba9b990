import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { MutantWorkspace } from './mutantWorkspace.ts';
import { blockOf } from './reachProbes.ts';
import { measureReach } from './testReach.ts';

const run = promisify(execFile);
const file = 'libs/a/src/add.ts';
const source = `export function add(a: number, b: number) { return a + b; }
export function double(a: number) { return a * 2; }
`;
const blockWith = (text: string) => {
  const start = source.indexOf(text);
  return blockOf(file, source, { start, end: start + text.length });
};
const [inFile, inAdd, inDouble] = [
  blockWith('export function add'),
  blockWith('return a + b'),
  blockWith('return a * 2'),
];
const [adds, starts] = ['libs/a/src/add.test.ts', 'libs/a/src/starts.test.ts'];

async function workspaceOf(files: Record<string, string>) {
  const root = await mkdtemp(path.join(tmpdir(), 'test-reach-'));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const folder of ['apps', 'libs/a/src']) await mkdir(path.join(root, folder), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(root, name), text);
  await run('git', ['init', '--quiet'], { cwd: root });
  return { root, workspace: await MutantWorkspace.create(root, root) };
}

function measurement(root: string, workspace: MutantWorkspace) {
  const runs: string[] = [];
  const runTest = async (name: string) => {
    runs.push(name);
    const end = run(process.execPath, [path.join(workspace.folder, name)]);
    return end.then(
      () => true,
      () => false,
    );
  };
  return { runs, workspace, product: [file], cacheFile: path.join(root, 'cache', 'a.json'), runTest, say: () => {} };
}

test('what a test runs is known, also what a process does that it starts without its environment', async () => {
  const { root, workspace } = await workspaceOf({
    [file]: source,
    [adds]: "import { add } from './add.ts'; add(1, 2);",
    'libs/a/src/main.ts': "import { double } from './add.ts'; double(1);",
    [starts]: `import { execFileSync } from 'node:child_process';
      execFileSync(process.execPath, [import.meta.dirname + '/main.ts'], { env: {} });`,
  });
  await using _ = workspace;
  const reach = await measureReach(measurement(root, workspace), [adds, starts]);
  expect(reach.map(({ test: name, blocks }) => [name, blocks.toSorted()])).toEqual([
    [adds, [inFile, inAdd]],
    [starts, [inFile, inDouble]],
  ]);
  expect(await workspace.read(file)).toBe(source);
});

test('a test file is run again only when it or the code has changed', async () => {
  const { root, workspace } = await workspaceOf({ [file]: source, [adds]: '', [starts]: '' });
  await using _ = workspace;
  const { runs, ...again } = measurement(root, workspace);
  await measureReach(again, [adds, starts]);
  await measureReach(again, [adds, starts]);
  expect(runs).toEqual([adds, starts]);
  await writeFile(path.join(workspace.folder, adds), "import { add } from './add.ts';");
  expect((await measureReach(again, [adds, starts]))[0]?.blocks).toEqual([inFile]);
  expect(runs).toEqual([adds, starts, adds]);
  await writeFile(path.join(workspace.folder, file), `${source}\n`);
  await measureReach(again, [adds]);
  expect(runs).toEqual([adds, starts, adds, adds]);
});

test('a test file that fails is left out, and run again the next time', async () => {
  const { root, workspace } = await workspaceOf({ [file]: source, [adds]: '', [starts]: '' });
  await using _ = workspace;
  const { runs, ...again } = measurement(root, workspace);
  await measureReach(again, [adds, starts]);
  await writeFile(path.join(workspace.folder, adds), "throw new Error('no');");
  for (const _time of [1, 2]) expect(await measureReach(again, [adds, starts])).toMatchObject([{ test: starts }]);
  expect(runs).toEqual([adds, starts, adds, adds]);
});
