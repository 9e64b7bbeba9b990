import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { eventually } from '@jobstream/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommand } from '../runCommand.ts';
import { runStages } from './runStages.ts';
import type { Stage } from './stage.ts';
import { summaryLines } from './summaryLines.ts';

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

function run(stages: readonly Stage[], stop = new AbortController().signal) {
  return runStages(stages, { folder, writeLine, stop, started: (pid) => void pids.push(pid) });
}

/** The processes that are left of the process groups that these processes lead. */
async function livingOf(leaders: readonly number[]): Promise<string[]> {
  const all = (await runCommand('ps', ['-eo', 'pgid=,stat=,args='])).split('\n');
  return all.filter((line) => leaders.includes(Number.parseInt(line, 10)) && !/^\s*\d+\s+Z/.test(line));
}

const lint: Stage = { name: 'lint', command: 'echo complaint && exit 3' };
const tests: Stage = { name: 'tests', command: 'echo 5 passed, 2 failed && exit 1' };
const format: Stage = { name: 'format', command: 'echo "all is well"' };

test('a stage that fails keeps no other from running, and the last line sums up all of them', async () => {
  const stages = [lint, tests, format];
  const summary = summaryLines(stages, await run(stages));
  expect(summary.at(-1)).toBe('6 passed, 3 failed');
  expect(lines).toEqual(expect.arrayContaining(['complaint', '5 passed, 2 failed', 'all is well']));
  expect(summary).toContainEqual(expect.stringMatching(/^tests +\d+\.\d s +FAILED +5 passed, 2 failed$/));
  expect(summary).toContainEqual(expect.stringMatching(/^format +\d+\.\d s +ok +1 passed, 0 failed$/));
});

test('what a failed stage wrote last, on either output, is there again before the summary', async () => {
  const failing: Stage = { name: 'tests', command: 'seq 200; echo "FAIL of the one" >&2; exit 1' };
  const summary = summaryLines([failing, format], await run([failing, format]));
  const begin = summary.indexOf('== tests failed; its last lines:');
  expect(summary.slice(begin)).toEqual(expect.arrayContaining(['200', 'FAIL of the one']));
  expect(summary).not.toContain('1');
  expect(summary).not.toContain('all is well');
});

test('after a blocking stage that fails nothing else runs, and the summary says so', async () => {
  const stages = [{ ...lint, blocking: true }, tests];
  const summary = summaryLines(stages, await run(stages));
  expect(summary.at(-1)).toBe('0 passed, 1 failed');
  expect(summary).toContainEqual(expect.stringMatching(/^tests +not run$/));
  expect(lines).not.toContain('5 passed, 2 failed');
});

test('a blocking stage that passes blocks nothing', async () => {
  const stages = [{ ...format, blocking: true }, tests];
  expect(summaryLines(stages, await run(stages)).at(-1)).toBe('6 passed, 2 failed');
});

test('a stage that takes too long is ended with all that it has started, and has failed', async () => {
  const command = 'sleep 600 & wait';
  const stages = [{ name: 'slow', command, minutes: 0.01 }, format];
  const results = await run(stages);
  expect(summaryLines(stages, results).at(-1)).toBe('1 passed, 1 failed');
  await eventually(async () => expect(await livingOf(pids)).toEqual([]));
});

test('a request to stop ends the stage that runs and starts no other', async () => {
  const stop = new AbortController();
  const running = run([{ name: 'slow', command: 'echo begun; sleep 600' }, format], stop.signal);
  await eventually(() => expect(lines).toContain('begun'));
  stop.abort();
  expect(await running).toMatchObject([{ passed: 0, failed: 1 }]);
});
