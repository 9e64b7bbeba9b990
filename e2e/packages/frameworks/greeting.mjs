import assert from 'node:assert/strict';
import { defineJob } from '@jobstream/client';
import { testJobstream } from '@jobstream/testing';
import { UnrecoverableError } from '@jobstream/worker';
import { z } from 'zod';

const greeting = defineJob('greeting', {
  payload: z.object({ name: z.string() }),
  backoff: { type: 'fixed', delayMs: 3_600_000 },
});

function handlers(worker) {
  worker.handle(greeting, ({ name }, { attempt }) => {
    if (name === '') throw new UnrecoverableError('nobody to greet');
    if (attempt === 1) throw new Error('later');
    return `Hello, ${name}!`;
  });
}

/** A test of a user, for every framework: without `await using`, which Node 22 does not know. */
export async function greetAndRetry() {
  const t = await testJobstream({ handlers });
  const good = await t.enqueue(greeting, { name: 'Ada' });
  const bad = await t.enqueue(greeting, { name: '' });
  await t.advance('1d');
  assert.equal(await good.result(), 'Hello, Ada!');
  await t
    .expectJob(good)
    .toHaveEvents(['JobCreated', 'JobStarted 1', 'JobRetryScheduled 1', 'JobStarted 2', 'JobCompleted 2']);
  await t.expectJob(bad).toHaveEvents(['JobCreated', 'JobStarted 1', 'JobFailed 1']);
  await t.stop();
}

/** The same on a server that the test starts, in the time of the world. */
export async function greetOnServer() {
  const t = await testJobstream({ handlers, real: true });
  const [good, bad] = [await t.enqueue(greeting, { name: 'Ada' }), await t.enqueue(greeting, { name: '' })];
  await t.drain();
  await t.expectJob(good).toBe('retrying');
  await t.expectJob(bad).toBe('failed');
  await t.stop();
}
