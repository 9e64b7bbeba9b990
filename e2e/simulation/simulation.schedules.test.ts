/** @module-tag exact */
import { expect, test } from 'vitest';
import { simulate } from './simulate.ts';
import { sabotages } from './testing/sabotages.ts';

/** Seeds that are tried for each planted fault. */
const MOST_SEEDS = 200;

test('a seed gives the same run each time, another seed another one', async () => {
  const first = await simulate({ seed: 7 });
  const again = await simulate({ seed: 7 });
  expect(again.trace).toEqual(first.trace);
  expect(first.trace.length).toBeGreaterThan(100);
  expect((await simulate({ seed: 8 })).trace).not.toEqual(first.trace);
});

test.each(sabotages)('it is found when %s', async (_what, rule, sabotage) => {
  let broken: readonly string[] = [];
  for (let seed = 1; seed <= MOST_SEEDS && !broken.includes(rule); seed++) {
    broken = (await simulate({ seed, sabotage })).findings.map((finding) => finding.rule);
  }
  expect(broken).toContain(rule);
});
