import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { announced } from '../../testing/announced.ts';
import { encodeKeptDefinition } from './keptDefinition.ts';
import { KnownDefinitions } from './knownDefinitions.ts';

const TYPE = 'report';
const HOUR_MS = 3_600_000;

/** Takes note of announcements of workers, each of which says how many attempts, in this order. */
function knowing(workers: readonly (readonly [worker: string, hour: number])[]): KnownDefinitions {
  const known = new KnownDefinitions();
  for (const [index, [worker, hour]] of workers.entries())
    known.announced(announced(worker, { type: TYPE, defaults: { maxAttempts: hour + 1 } }), hour * HOUR_MS, index + 1);
  return known;
}

test('the definition of the worker that started last holds in whatever order they announce, the first name of several', () => {
  const workers = [
    ['a', 1],
    ['b', 5],
    ['c', 5],
    ['d', 3],
  ] as const;
  fc.assert(
    fc.property(fc.shuffledSubarray([...workers], { minLength: 4 }), (order) => {
      expect(knowing(order).get(TYPE)).toMatchObject({ worker: 'b', defaults: { maxAttempts: 6 } });
    }),
  );
});

test('a worker that repeats itself is to be stored once, with the start that it had first', () => {
  const known = knowing([['a', 1]]);
  const [[, definition] = []] = known.unkept();
  if (definition === undefined) throw new Error('nothing is to be stored');
  known.kept(TYPE, definition, 2);
  known.announced(announced('a', { type: TYPE, defaults: { maxAttempts: 2 } }), 2 * HOUR_MS, 3);
  expect(known.unkept()).toEqual([]);
  expect(known.get(TYPE)).toEqual(definition);
});

test('what the stream keeps of an older worker is to be stored again', () => {
  const known = knowing([['b', 5]]);
  known.kept(TYPE, { worker: 'a', startedAt: new Date(HOUR_MS).toISOString(), defaults: {} }, 9);
  expect(known.get(TYPE)).toMatchObject({ worker: 'b' });
  expect(known.unkept().map(([type, definition]) => [type, encodeKeptDefinition(definition)])).toEqual([
    [TYPE, expect.stringContaining('"worker":"b"')],
  ]);
});

test('a removal ends what was announced before it, not what came after', () => {
  const known = knowing([['a', 1]]);
  known.removeBefore(TYPE, 1);
  expect(known.get(TYPE)).toMatchObject({ worker: 'a' });
  known.removeBefore(TYPE, 2);
  expect(known.get(TYPE)).toBeUndefined();
  expect(known.unkept()).toEqual([]);
});

test('a definition that was removed, and is announced again, is to be stored again', () => {
  const known = knowing([['a', 1]]);
  const definition = known.get(TYPE);
  known.kept(TYPE, definition, 2);
  known.removeBefore(TYPE, 3);
  known.announced(announced('a', { type: TYPE, defaults: { maxAttempts: 2 } }), HOUR_MS, 4);
  expect(known.unkept()).toEqual([[TYPE, definition]]);
});

test('at most a thousand types have a definition', () => {
  const known = new KnownDefinitions();
  for (let index = 0; index <= 1_000; index++)
    known.announced(announced('w', { type: `t-${index}`, defaults: { maxAttempts: 2 } }), 0, index + 1);
  expect(known.unkept()).toHaveLength(1_000);
  expect(known.get('t-1000')).toBeUndefined();
});
