import { expect, test } from 'vitest';
import { type Reference, referenceOf } from './reference.ts';

const NOTHING = { process: 0, server: 0 };
const REFERENCES = [of('a', { append: 2 }), of('b', { append: 3, request: 4 }), of('c', { append: 1 })];

function of(processor: string, ratios: Record<string, number>): Reference {
  const checks = Object.entries(ratios).map(([id, ratio]) => [id, { ours: NOTHING, baseline: NOTHING, ratio }]);
  return { date: '2026-11-25', processor, cores: 2, load: 0, node: '24', checks: Object.fromEntries(checks) };
}

test('the reference is the ratio of the same processor, if there is one', () => {
  expect(referenceOf(REFERENCES, 'c', 'append')?.ratio).toBe(1);
});

test('the reference for an unknown processor is the highest ratio of all', () => {
  expect(referenceOf(REFERENCES, 'd', 'append')?.ratio).toBe(3);
  expect(referenceOf(REFERENCES, 'a', 'request')?.ratio).toBe(4);
});

test('a check that was never measured has no reference', () => {
  expect(referenceOf(REFERENCES, 'a', 'other')).toBeUndefined();
  expect(referenceOf([], 'a', 'append')).toBeUndefined();
});
