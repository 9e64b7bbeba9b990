import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { DefinitionKeeper } from './definitionKeeper.ts';
import type { KeptDefinition } from './keptDefinition.ts';

test('a keeper that is stopped waits for what it stores, and stores nothing more', async () => {
  const definition: KeptDefinition = {
    worker: 'w1',
    startedAt: '2026-11-27T08:00:00.000Z',
    defaults: { maxAttempts: 2 },
  };
  const unkept = new Map([['email', definition]]);
  const kept: string[] = [];
  const stored = Promise.withResolvers<number>();
  const keeper = new DefinitionKeeper({
    definitions: { unkept: () => [...unkept], kept: (type) => void kept.push(type) },
    keepDefinition: () => stored.promise,
    sink: { info: () => {}, warn: () => expect.unreachable() },
  });
  keeper.begin();
  let hasStopped = false;
  const stopped = keeper.stop().then(() => (hasStopped = true));
  await turn();
  expect(hasStopped).toBe(false);
  stored.resolve(1);
  await stopped;
  expect(kept).toEqual(['email']);
});
