import { expect, test } from 'vitest';
import type { Micros } from '../gate/gateCheck.ts';
import { commitOf } from './checkOutCommit.ts';
import { inTurns, judgePairs } from './compareCommits.ts';

/** Two sides that cost a multiple of what the machine costs then, which grows with each round. */
function sides(ours: number, theirs: number) {
  let micros = 10;
  const sideThatCosts = (times: number) => ({
    round: (): Promise<Micros> => {
      micros += 1;
      return Promise.resolve({ process: times * micros, server: 100 });
    },
  });
  return [sideThatCosts(ours), sideThatCosts(theirs)] as const;
}

test('two sides that cost the same have the ratio 1 on a machine that becomes slower and slower', async () => {
  expect(await inTurns(...sides(1, 1), ({ process }) => process)).toBeCloseTo(1, 10);
  expect(await inTurns(...sides(1.1, 1), ({ process }) => process)).toBeCloseTo(1.1, 10);
  expect(await inTurns(...sides(0.5, 1), ({ process }) => process)).toBeCloseTo(0.5, 10);
});

test('pairs are judged by their median', () => {
  expect(judgePairs([0.9, 1.03, 1.5], 1.03)).toEqual({ ratio: { median: 1.03, min: 0.9, max: 1.5 }, isWithin: true });
  expect(judgePairs([0.9, 1.031, 1.04], 1.03).isWithin).toBe(false);
  expect(judgePairs([Number.NaN, Number.NaN, Number.NaN], 1.03).isWithin).toBe(false);
});

test('a commit has its full id, and one that is not there is named', async () => {
  expect(await commitOf('HEAD')).toMatch(/^[0-9a-f]{40}$/);
  await expect(commitOf('no-such-commit')).rejects.toThrow('there is no commit no-such-commit');
  await expect(commitOf('--all')).rejects.toThrow('there is no commit --all');
});
