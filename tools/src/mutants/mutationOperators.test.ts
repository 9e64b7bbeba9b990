import { expect, test } from 'vitest';
import { applyMutant, mutantsOf } from './mutationOperators.ts';

const changes = (source: string) =>
  mutantsOf('a.ts', source).map((mutant) => [mutant.operator, applyMutant(source, mutant)]);

test.each([
  ['drop-await', 'async () => { await save(); }', 'async () => { void save(); }'],
  ['swap-order', '() => { first(); second(); }', '() => { second(); first(); }'],
  ['remove-cleanup', '() => { clearTimeout(timer); }', '() => { ; }'],
  ['remove-cleanup', 'try { run(); } finally { this.busy = false; }', 'try { run(); } finally { ; }'],
  ['remove-guard', '() => { if (stopped) return; }', '() => { if (Boolean(0)) return; }'],
  ['remove-branch', '() => { if (late) count += 1; }', '() => { if (Boolean(0)) count += 1; }'],
  ['comparison', 'left < right;', 'left <= right;'],
  ['logical', 'left && right;', '(left) || (right);'],
])('%s changes %s to %s', (operator, source, changed) => {
  expect(changes(source)).toEqual([[operator, changed]]);
});

test('a limit is ignored in both ways', () => {
  expect(changes('Math.min(wait, 5);')).toEqual([
    ['ignore-limit', '(wait);'],
    ['ignore-limit', '(5);'],
  ]);
});

test('the order of plain assignments is left alone', () => {
  expect(changes('() => { this.a = 1; this.b = 2; }')).toEqual([]);
});

test('statements that only report are left alone', () => {
  expect(changes('async () => { logger.info(text); await sink.flush(); }')).toEqual([]);
});

test('a mutant is named by its file, line, column and operator', () => {
  expect(mutantsOf('a.ts', 'wait();\nif (a < b) stop();').map(({ id }) => id)).toEqual([
    'a.ts:2:5 remove-branch',
    'a.ts:2:5 comparison',
    'a.ts:2:12 remove-cleanup',
  ]);
});
