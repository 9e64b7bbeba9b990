import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startVitest, type Vitest } from 'vitest/node';
import { closingLine, failedTests, skipReasons, testTally } from './testTally.ts';

const FILES = {
  'sums.test.ts': `
    import { describe, expect, test } from 'vitest';
    describe('sums', () => {
      test('adds', () => expect(1 + 1).toBe(2));
      test('carries', () => { throw new Error('expected 9, got: 8\\nand more of it'); });
      test('divides', ({ skip }) => skip('there is no divider'));
    });`,
  'broken.test.ts': `throw new Error('it cannot be loaded');`,
};

let root: string;
let vitest: Vitest;

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'jobstream-tally-'));
  for (const [name, text] of Object.entries(FILES)) await writeFile(path.join(root, name), text);
  const exitCode = process.exitCode;
  vitest = await startVitest([], { root, config: false, watch: false, reporters: [{}] });
  process.exitCode = exitCode; // vitest sets it when a test fails, as these do
});

afterAll(async () => {
  await vitest?.close();
  await rm(root, { recursive: true, force: true });
});

test('tests are counted, and a file that cannot be loaded is one that failed', () => {
  const tally = testTally(vitest.state.getTestModules(), 0);
  expect(tally).toEqual({ passed: 1, failed: 2, skipped: 1 });
  expect(closingLine(tally)).toBe('1 passed, 2 failed, 1 skipped');
});

test('what failed is named with the first line of its error, and what was skipped with its reason', () => {
  const modules = vitest.state.getTestModules();
  expect(failedTests(modules).toSorted()).toEqual([
    'broken.test.ts: it cannot be loaded',
    'sums.test.ts > sums > carries: expected 9, got: 8',
  ]);
  expect(skipReasons(modules)).toEqual(['there is no divider']);
});
