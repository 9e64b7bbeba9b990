/** @module-tag exact */
import path from 'node:path';
import { TestProcess } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { failureLines } from './reportLines.ts';

/** So many that they create ten thousand jobs. */
const RUNS = 560;

async function run(...args: readonly string[]) {
  const script = path.join(import.meta.dirname, 'main.ts');
  await using command = TestProcess.node(script, { args, env: process.env });
  return { code: await command.ended, output: command.output };
}

test('ten thousand jobs end as they should, whatever is lost and dies', async () => {
  const { code, output } = await run('--seed', '1', '--runs', String(RUNS));
  const total = `^${RUNS} runs from seed 1: 10,\\d{3} jobs, [\\d,]+ messages; ${RUNS} passed, 0 failed\n$`;
  expect(output).toMatch(new RegExp(total));
  expect(code).toBe(0);
});

test.each([
  ['--minutes', 'soon'],
  ['--seed', '-1'],
  ['--runs', '0'],
  ['--jobs', '1.5'],
])('%s %s is refused', async (option, value) => {
  const { code, output } = await run(`${option}=${value}`);
  expect(output).toMatch(
    new RegExp(`^expected ${option} to be a (whole )?number (from 0 on|above 0), got: ${value}\n$`),
  );
  expect(code).toBe(64);
});

test('a failure prints the rule, the job, and the command that repeats it', async () => {
  const findings = [{ rule: 'stranded', jobId: 'job-1', detail: 'it is pending' }];
  const lines = failureLines(1057, { findings, trace: [], jobs: 1, events: 1 }, '3');
  expect(lines.slice(0, 2)).toEqual(['seed 1057:', '  stranded: job-1 it is pending']);
  const [, words = ''] = /^ {2}repeat it: npm run simulate -- (.*)$/.exec(lines.at(-1) ?? '') ?? [];
  const { code, output } = await run(...words.split(' '));
  expect(output).toMatch(/^ +0\.\d{3} .*\n[^]*\n1 run from seed 1057: \d jobs?, \d+ messages; 1 passed, 0 failed\n$/);
  expect(code).toBe(0);
});
