import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { eventually } from '@jobstream/test-support';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommand } from '@jobstream/servers';
import { runStages, stageTally, summaryLines } from './runStages.ts';
import type { Stage } from './stages.ts';

let folder: string;
let lines: string[];
let pids: number[];
const writeLine = (line: string) => void lines.push(line);

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-ci-'));
  lines = [];
  pids = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function run(
  stages: readonly Stage[],
  { stop = new AbortController().signal, ...limits }: { stop?: AbortSignal } & Parameters<typeof runStages>[2] = {},
) {
  return runStages(stages, { folder, writeLine, stop, started: (pid) => void pids.push(pid) }, limits);
}

/** Returns the living processes of the process groups that these processes lead. */
async function livingOf(leaders: readonly number[]): Promise<string[]> {
  const all = (await runCommand('ps', ['-eo', 'pgid=,stat=,args='])).split('\n');
  return all.filter((line) => leaders.includes(Number.parseInt(line, 10)) && !/^\s*\d+\s+Z/.test(line));
}

const lint: Stage = { name: 'lint', command: 'echo complaint && exit 3' };
const tests: Stage = { name: 'tests', command: 'echo 5 passed, 2 failed && exit 1' };
const format: Stage = { name: 'format', command: 'echo "all is well"' };

test('a stage that fails does not keep the others from running, and the last line sums up all of them', async () => {
  const stages = [lint, tests, format];
  const summary = summaryLines(stages, await run(stages));
  expect(summary.at(-1)).toBe('6 passed, 3 failed');
  expect(lines).toEqual(expect.arrayContaining(['complaint', '5 passed, 2 failed', 'all is well']));
  expect(summary).toContainEqual(expect.stringMatching(/^tests +\d+\.\d s +FAILED +5 passed, 2 failed$/));
  expect(summary).toContainEqual(expect.stringMatching(/^format +\d+\.\d s +ok +1 passed, 0 failed$/));
});

test('the summary repeats the last lines of a failed stage, from both of its outputs', async () => {
  const failing: Stage = { name: 'tests', command: 'seq 200; echo "FAIL of the one" >&2; exit 1' };
  const summary = summaryLines([failing, format], await run([failing, format]));
  const begin = summary.indexOf('== tests failed; its last lines:');
  expect(summary.slice(begin)).toEqual(expect.arrayContaining(['200', 'FAIL of the one']));
  expect(summary).not.toContain('1');
  expect(summary).not.toContain('all is well');
});

test('the summary names the tests that failed below the row of their stage, wherever they stood in its output', async () => {
  const command =
    'echo "failed: a.test.ts > adds"; echo "FAILED  it compiles (2 s)"; echo "flaky: b.test.ts"; seq 200; exit 1';
  const failing: Stage = { name: 'tests', command };
  const summary = summaryLines([failing], await run([failing]));
  const row = summary.findIndex((line) => /^tests .*FAILED/.test(line));
  expect(summary.slice(row + 1, row + 4)).toEqual([
    '  failed: a.test.ts > adds',
    '  FAILED  it compiles (2 s)',
    '  flaky: b.test.ts',
  ]);
});

test('a first stage that fails ends the run, and the summary names the stages that did not run', async () => {
  const stages = [{ ...lint, isFirst: true as const }, tests];
  const summary = summaryLines(stages, await run(stages));
  expect(summary.at(-1)).toBe('0 passed, 1 failed');
  expect(summary).toContainEqual(expect.stringMatching(/^tests +not run$/));
  expect(lines).not.toContain('5 passed, 2 failed');
});

test('a first stage that passes lets the others run', async () => {
  const stages = [{ ...format, isFirst: true as const }, tests];
  expect(summaryLines(stages, await run(stages)).at(-1)).toBe('6 passed, 2 failed');
});

test('a run that takes too long is ended with a message, and the summary names the stages that did not run', async () => {
  const stages: Stage[] = [{ name: 'slow', command: 'sleep 600' }, format];
  const summary = summaryLines(stages, await run(stages, { limitMs: 300 }));
  expect(lines).toContain('\nthe run took longer than 0.005 minutes and was ended');
  expect(summary).toContainEqual(expect.stringMatching(/^format +not run$/));
  expect(summary.at(-1)).toBe('0 passed, 1 failed');
});

test('a stage that takes too long is ended with its child processes and counts as failed', async () => {
  const command = 'sleep 600 & wait';
  const stages = [{ name: 'slow', command, minutes: 0.01 }, format];
  const results = await run(stages);
  expect(summaryLines(stages, results).at(-1)).toBe('1 passed, 1 failed');
  await eventually(async () => expect(await livingOf(pids)).toEqual([]));
});

test('a request to stop ends the stage that runs and starts no other', async () => {
  const stop = new AbortController();
  const running = run([{ name: 'slow', command: 'echo begun; sleep 600' }, format], { stop: stop.signal });
  await eventually(() => expect(lines).toContain('begun'));
  stop.abort();
  expect(await running).toMatchObject([{ passed: 0, failed: 1 }]);
});

test.each([
  ['12 passed, 3 failed', 1, { passed: 12, failed: 3 }],
  ['12 passed, 0 failed, 2 skipped', 0, { passed: 12, failed: 0 }],
  ['\u001b[32m 7 passed, 0 failed \u001b[39m', 0, { passed: 7, failed: 0 }],
])('a stage that ends with a closing line counts for it: %j', (lastLine, code, tally) => {
  expect(stageTally(lastLine, code)).toEqual(tally);
});

test.each(['PASSED with seed 1', '', 'All 12 passed, 3 failed', '12 passed, 3 failed so far'])(
  'any other stage counts for one: %j',
  (lastLine) => {
    expect(stageTally(lastLine, 0)).toEqual({ passed: 1, failed: 0 });
    expect(stageTally(lastLine, 2)).toEqual({ passed: 0, failed: 1 });
  },
);

test('a stage that exits with a failure counts as failed, though its closing line has none', () => {
  expect(stageTally('12 passed, 0 failed', 1)).toEqual({ passed: 12, failed: 1 });
});
