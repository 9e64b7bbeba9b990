import { expect, test } from 'vitest';
import type { Micros } from '../gate/gateCheck.ts';
import { commitOf } from './checkOutCommit.ts';
import { inTurn, judgePairs, measurePair, outcomeOf } from './compareCommits.ts';
import type { Two } from './hotPaths.ts';

const cost = ({ process }: Micros) => process;

/** Two sides that cost a multiple of what the machine costs then, which grows with each round. */
function slowingDown(first: number, second: number) {
  let micros = 10;
  const sideThatCosts = (times: number) => ({
    round: (): Promise<Micros> => {
      micros += 1;
      return Promise.resolve({ process: times * micros, server: 100 });
    },
  });
  return [sideThatCosts(first), sideThatCosts(second)] as const;
}

test('two sides that cost the same have the ratio 1 on a machine that becomes slower and slower', async () => {
  expect(await inTurn(...slowingDown(1, 1), cost)).toBeCloseTo(1, 10);
  expect(await inTurn(...slowingDown(1.1, 1), cost)).toBeCloseTo(1.1, 10);
  expect(await inTurn(...slowingDown(0.5, 1), cost)).toBeCloseTo(0.5, 10);
});

test('a pair has the ratio of ours to theirs in either order, and stops both', async () => {
  const calls: string[] = [];
  const side = (root: string) => ({
    round: () => Promise.resolve({ process: root === 'ours' ? 11 : 10, server: 0 }),
    stop: () => Promise.resolve(void calls.push(`stop ${root}`)),
  });
  const open = ([first, second]: Two<string>) => {
    calls.push(`open ${first}, ${second}`);
    return Promise.resolve([side(first), side(second)] as const);
  };
  const subjects = { open, cost };
  for (const pair of [0, 1])
    expect(await measurePair(subjects, { ours: 'ours', theirs: 'theirs' }, pair)).toBeCloseTo(1.1);
  const oursFirst = ['open ours, theirs', 'stop ours', 'stop theirs'];
  expect(calls).toEqual([...oursFirst, 'open theirs, ours', 'stop theirs', 'stop ours']);
});

function measuring(...ratios: readonly number[]): (pair: number) => Promise<number> {
  return (pair) => Promise.resolve(ratios[pair] ?? Number.NaN);
}

test('five pairs that agree about the limit are enough', async () => {
  const good = await judgePairs(measuring(0.9, 1, 1.03, 1.01, 0.98), 1.03);
  expect(good).toEqual({ ratio: { median: 1, min: 0.9, max: 1.03 }, pairs: 5, isWithin: true });
  expect(await judgePairs(measuring(1.2, 1.1, 1.04, 1.3, 1.05), 1.03)).toMatchObject({ pairs: 5, isWithin: false });
});

test('pairs that do not agree are followed by others, and all of them count', async () => {
  const undecided = [1.04, 1, 1, 1.05, 1.06];
  const fine = await judgePairs(measuring(...undecided, 1, 1, 1, 1, 1.02, 1.03), 1.03);
  expect(fine).toEqual({ ratio: { median: 1, min: 1, max: 1.06 }, pairs: 11, isWithin: true });
  const dear = await judgePairs(measuring(...undecided, 1.04, 1, 1, 1, 1.04, 1.05), 1.03);
  expect(dear).toMatchObject({ ratio: { median: 1.04 }, isWithin: false });
});

test('beside other processes only pairs that agree are judged', () => {
  const ratio = { median: 1, min: 1, max: 1 };
  expect(outcomeOf({ ratio, pairs: 5, isWithin: false }, 1.5)).toBe('above');
  expect(outcomeOf({ ratio, pairs: 5, isWithin: true }, 1.5)).toBe('within');
  expect(outcomeOf({ ratio, pairs: 11, isWithin: false }, 0.11)).toBe('not judged');
  expect(outcomeOf({ ratio, pairs: 11, isWithin: true }, 0.11)).toBe('not judged');
  expect(outcomeOf({ ratio, pairs: 11, isWithin: false }, 0.1)).toBe('above');
  expect(outcomeOf({ ratio, pairs: 11, isWithin: true }, 0.1)).toBe('within');
});

test('ratios that are no numbers are not within the limit', async () => {
  expect(await judgePairs(measuring(), 1.03)).toMatchObject({ isWithin: false });
});

test('a commit has its full id, and one that is not there is named', async () => {
  expect(await commitOf('HEAD')).toMatch(/^[0-9a-f]{40}$/);
  await expect(commitOf('no-such-commit')).rejects.toThrow('there is no commit no-such-commit');
  await expect(commitOf('--all')).rejects.toThrow('there is no commit --all');
});
