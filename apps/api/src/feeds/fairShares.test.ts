import { array, assert, boolean, integer, nat, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FairShares } from './fairShares.ts';

/** Takes places until one is refused; returns how many it got. */
function takeAll(shares: FairShares, ...holders: string[]): number {
  for (let taken = 0; ; taken++) if ('refused' in shares.take(holders)) return taken;
}

describe('a caller', () => {
  test('alone gets its share and no more, and what it releases again', () => {
    const shares = new FairShares({ places: 1_000, share: 75 });
    const first = shares.take(['a']);
    expect(takeAll(shares, 'a')).toBe(749);
    expect(shares.take(['a'])).toEqual({ refused: 'share-exceeded' });
    const release = 'release' in first ? first.release : () => undefined;
    for (let times = 0; times < 3; times++) release();
    expect(takeAll(shares, 'a')).toBe(1);
  });

  test('gets a place although others hold all that they may', () => {
    const shares = new FairShares({ places: 1_000, share: 75 });
    const taken = ['a', 'b', 'c', 'd', 'e'].map((name) => takeAll(shares, name));
    expect(taken[0]).toBe(750);
    expect(taken.every((count) => count > 0)).toBe(true);
    expect(shares.take(['newcomer'])).toHaveProperty('release');
  });

  test('gets the only place there is', () => {
    expect(takeAll(new FairShares({ places: 1, share: 75 }), 'a')).toBe(1);
  });

  test('gets all places where its share is all of them', () => {
    const shares = new FairShares({ places: 10, share: 100 });
    expect(takeAll(shares, 'tenant', 'a')).toBe(10);
    expect(shares.take(['b'])).toEqual({ refused: 'none-free' });
  });
});

test('the keys of a tenant share what it may have, and leave something to each other', () => {
  const shares = new FairShares({ places: 1_000, share: 75 });
  const [first, second] = [takeAll(shares, 'acme', 'a'), takeAll(shares, 'acme', 'b')];
  expect(first).toBeGreaterThan(500);
  expect(second).toBeGreaterThan(10);
  for (let key = 0; key < 500; key++) takeAll(shares, 'acme', `key ${key}`);
  expect(takeAll(shares, 'globex', 'c')).toBeGreaterThan(100);
});

const arbitraryStep = record({ caller: nat(5), release: boolean() });
const arbitraryRun = [integer({ min: 1, max: 40 }), integer({ min: 1, max: 100 }), array(arbitraryStep)] as const;

/** Returns how many places were open at each refusal of a first place, and at most. */
function run(shares: FairShares, steps: readonly { readonly caller: number; readonly release: boolean }[]) {
  const taken = new Map<number, (() => void)[]>(steps.map(({ caller }) => [caller, []]));
  const ownOf = (caller: number) => taken.get(caller) ?? [];
  const open = () => [...taken.keys()].flatMap(ownOf);
  const [refusedFirst, counts]: [number[], number[]] = [[], []];
  for (const { caller, release } of steps) {
    const own = ownOf(caller);
    const outcome = release ? undefined : shares.take([`caller ${caller}`]);
    if (outcome === undefined) own.pop()?.();
    else if ('release' in outcome) own.push(outcome.release);
    else if (own.length === 0) refusedFirst.push(open().length);
    counts.push(open().length);
  }
  for (const release of open()) release();
  return { refusedFirst, most: Math.max(0, ...counts) };
}

test('whatever is taken and released, no place is lost, and a first place is refused only where none is free', () => {
  const holds = property(...arbitraryRun, (places, share, steps) => {
    const shares = new FairShares({ places, share });
    const { refusedFirst, most } = run(shares, steps);
    expect(most).toBeLessThanOrEqual(places);
    expect(refusedFirst.every((open) => open === places)).toBe(true);
    const all = Array.from({ length: places }, (_, index) => shares.take([`other ${index}`]));
    expect(all.every((outcome) => 'release' in outcome)).toBe(true);
  });
  assert(holds);
});
