import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { TestProcess } from '@jobstream/test-support';
import { expect, test } from 'vitest';

const MODULE = path.join(import.meta.dirname, 'runBench.ts');

test.each([
  ['what is good enough', 'async () => true', 0, ''],
  ['what has no limit', 'async () => {}', 0, ''],
  ['what is not good enough', 'async () => false', 1, ''],
  ['what could not be measured', 'async () => { throw new Error("no server"); }', 2, 'Error: no server'],
])('%s: %s ends with code %d', async (_what, work, code, output) => {
  const script = `import { runBench } from '${MODULE}'; await runBench(${work}); console.log('it went on');`;
  const args = ['--input-type=module', '--eval', script];
  await using bench = new TestProcess(process.execPath, { args, cwd: repositoryRoot, env: process.env });
  expect(await bench.ended).toBe(code);
  expect(bench.output.split('\n')[0]).toBe(output);
});
