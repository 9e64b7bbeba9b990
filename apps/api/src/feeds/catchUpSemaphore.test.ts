import { expect, test } from 'vitest';
import { CatchUpSemaphore } from './catchUpSemaphore.ts';

const stay = () => undefined;
const { signal } = new AbortController();

test('a waiter that left before its turn does not block the next', async () => {
  const places = new CatchUpSemaphore({ most: 1 });
  const leave = await places.enter(signal, stay);
  const client = new AbortController();
  const gone = places.enter(client.signal, stay);
  const next = places.enter(signal, stay);
  client.abort();
  expect(await gone).toBeUndefined();
  leave?.();
  expect(await next).toBeTypeOf('function');
  expect(await places.enter(AbortSignal.abort(), stay)).toBeUndefined();
});

test('as many long holders are asked to leave as others wait', async () => {
  const places = new CatchUpSemaphore({ most: 3, turnMs: 1 });
  const asked: number[] = [];
  const leaves: ((() => void) | undefined)[] = [];
  const giveWay = (index: number) => () => {
    asked.push(index);
    leaves[index]?.();
  };
  for (const index of [0, 1, 2]) leaves.push(await places.enter(signal, giveWay(index)));
  expect(await places.enter(signal, stay)).toBeTypeOf('function');
  expect(asked).toEqual([0]);
});
