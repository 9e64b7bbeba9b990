import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { testJobstream, type TestJobstreamOptions } from '@jobstream/testing';
import { UnrecoverableError } from '@jobstream/worker';
import { registerHandlers } from '../src/handlers.ts';
import { invoice, thumbnail } from '../src/jobs.ts';

/** No server is needed: the log is in memory, and the test moves the clock. With Node 24 that is `await using t = …`. */
async function start(context: TestContext, handlers: TestJobstreamOptions['handlers'] = registerHandlers) {
  const t = await testJobstream({ handlers });
  context.after(() => t.stop());
  return t;
}

test('an invoice is issued, and its result is typed', async (context) => {
  const t = await start(context);
  const job = await t.enqueue(invoice, { order: '4711', lines: [{ cents: 250 }, { cents: 100, count: 3 }] });
  await t.drain();
  const { number, cents } = await job.result();
  assert.deepEqual({ number, cents }, { number: 'INV-4711', cents: 550 });
});

test('a picture whose server is down is tried again with growing waits', async (context) => {
  const t = await start(context);
  const job = await t.enqueue(thumbnail, { url: 'http://127.0.0.1:1/photo.png', width: 100 });
  await t.advance('1h');
  await t.expectJob(job).toMatch({ status: 'failed', attempt: 5 });
});

test('a job whose worker dies after the work runs twice', async (context) => {
  const t = await start(context);
  const job = await t.enqueue(invoice, { order: '4712', lines: [{ cents: 1 }] });
  t.crashWorker('before JobCompleted');
  await t.advance('1m');
  await t.expectJob(job).toHaveEvents(['JobCreated', 'JobStarted 1', 'JobStarted 2', 'JobCompleted 2']);
});

test('an error of a handler is the one that the worker knows', async (context) => {
  const t = await start(context, (worker) =>
    worker.handle(invoice, () => {
      throw new UnrecoverableError('no such customer');
    }),
  );
  const job = await t.enqueue(invoice, { order: '4713', lines: [{ cents: 1 }] });
  await t.drain();
  await t.expectJob(job).toHaveEvents(['JobCreated', 'JobStarted 1', 'JobFailed 1']);
});
