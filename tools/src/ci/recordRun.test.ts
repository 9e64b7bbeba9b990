import { expect, test } from 'vitest';
import { recordedRow } from './recordRun.ts';
import type { StageResult } from './runStages.ts';

function result(name: string, seconds: number, rest: Partial<StageResult> = {}): StageResult {
  return { stage: { name, command: name }, begin: 0, seconds, passed: 1, failed: 0, tail: [], complaints: [], ...rest };
}

test('a run is a row of the table, with the seconds of its stages and the number of flaky files', () => {
  const tests = { passed: 4_100, failed: 2, complaints: ['flaky: a.test.ts > waits', 'failed: b.test.ts > adds'] };
  const row = recordedRow([result('checks', 61.4), result('tests', 249.6, tests)], {
    commit: '0a1b2c3d',
    beside: '–',
    now: new Date('2026-01-31T03:12:44Z'),
  });
  expect(row).toBe('| 2026-01-31T03:12 | 0a1b2c3d | – | checks 61, tests 250 | 311 | 4101 | 2 | 1 |');
});
