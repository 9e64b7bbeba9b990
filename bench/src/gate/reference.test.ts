import { expect, test } from 'vitest';
import { type Reference, referenceRatio } from './reference.ts';

const NOTHING = { process: 0, server: 0 };
const REFERENCES = [of('a', { append: 2 }), of('b', { append: 3, request: 4 }), of('c', { append: 1 })];

function of(processor: string, ratios: Record<string, number>): Reference {
  const checks = Object.entries(ratios).map(([id, ratio]) => [id, { ours: NOTHING, baseline: NOTHING, ratio }]);
  return { date: '2026-11-25', processor, cores: 2, load: 0, node: '24', checks: Object.fromEntries(checks) };
}

test('the reference is the ratio of the same processor, if there is one', () => {
  expect(referenceRatio(REFERENCES, 'c', 'append')).toBe(1);
  expect(referenceRatio(REFERENCES, 'a', 'request')).toBe(4);
});

test('the reference for an unknown processor is the highest ratio of all', () => {
  expect(referenceRatio(REFERENCES, 'd', 'append')).toBe(3);
});

test('the reference of a check without a measurement fails every ratio', () => {
  expect(referenceRatio(REFERENCES, 'a', 'other')).toBe(0);
  expect(referenceRatio([], 'a', 'append')).toBe(0);
});
