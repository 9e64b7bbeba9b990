import { expect, test } from 'vitest';
import type { Stage } from '../stage/stage.ts';
import type { FaultKind } from './fault.ts';
import { impossibleKinds, planFaults } from './planFaults.ts';

function kind(name: string, targets: readonly string[]): FaultKind {
  return { name, targets: () => targets, holdMs: (random) => random.int(1, 1_000), inject: () => Promise.reject() };
}

const stage = {} as Stage;
const kinds = [kind('kill', ['a', 'b', 'c']), kind('freeze', ['a']), kind('fill', [])];
const plan = (seed: string, count = 8) => planFaults(count, { seed, kinds, stage });
const words = (seed: string, count?: number) =>
  plan(seed, count).map((fault) => `${fault.kind.name} ${fault.target} ${fault.holdMs} ${fault.afterMs}`);

test('a seed gives the same faults again, and another seed others', () => {
  expect(words('one')).toEqual(words('one'));
  expect(words('one')).not.toEqual(words('two'));
});

test('every possible kind is planned once before one repeats, and the targets of a kind alternate', () => {
  const faults = plan('one', 6);
  for (const start of [0, 2, 4]) {
    const round = faults.slice(start, start + 2).map((fault) => fault.kind.name);
    expect(round.toSorted()).toEqual(['freeze', 'kill']);
  }
  const killed = faults.filter((fault) => fault.kind.name === 'kill').map(({ target }) => target);
  expect(killed.toSorted()).toEqual(['a', 'b', 'c']);
});

test('kinds that the stage does not support are listed and not planned', () => {
  expect(impossibleKinds(kinds, stage)).toEqual(['no "fill" here: it needs something to hit']);
  expect(planFaults(3, { seed: 'one', kinds: kinds.slice(2), stage })).toEqual([]);
});
