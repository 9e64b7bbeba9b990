import { randomBytes } from 'node:crypto';
import { EventLog } from '@jobstream/eventlog';
import { expect, test } from 'vitest';
import { handlerOf, sharedServer } from '../testing/startTestWorker.ts';

const masterKeys = [{ id: 'test', secret: randomBytes(32) }];
const payload = { secret: 'the payload' };

const { nats, log, startWorker } = await sharedServer({ masterKeys });

const withKeys = () => ({ eventLog: new EventLog({ url: nats.url, name: 'worker', masterKeys }) });
const jobOf = async (jobId: string) => (await log.eventLog.readJob(jobId))?.job;

async function storedText(): Promise<string> {
  const messages = await log.eventLog.messages.from(1, { count: 1_000 });
  return messages.map(({ body }) => Buffer.from(body).toString()).join('\n');
}

test('a handler gets the payload as it was sent, and its result and progress are stored encrypted', async () => {
  const received: unknown[] = [];
  const handler = handlerOf(({ job, progress }) => {
    received.push(job.payload);
    progress({ message: 'the progress' });
    return 'the result';
  });
  await using _worker = await startWorker(handler, withKeys());
  const { jobId } = await log.create(handler.type, { payload });
  await log.until(jobId, 'completed');
  expect(received).toEqual([payload]);
  expect(await jobOf(jobId)).toMatchObject({ result: 'the result', progress: { message: 'the progress' } });
  expect(await storedText()).toContain(jobId);
  expect(await storedText()).not.toMatch(/the (payload|result|progress)/);
});

test('the error of a handler is stored encrypted', async () => {
  const handler = handlerOf(() => {
    throw new Error('the error');
  });
  await using _worker = await startWorker(handler, withKeys());
  const { jobId } = await log.create(handler.type, { payload, maxAttempts: 1 });
  await log.until(jobId, 'failed');
  expect((await jobOf(jobId))?.error).toMatchObject({ name: 'Error', message: 'the error' });
  expect(await storedText()).not.toContain('the error');
});

test('a job whose payload was erased before it ran fails for good, and its handler is not called', async () => {
  const handler = handlerOf(() => expect.unreachable());
  const { jobId } = await log.create(handler.type, { payload });
  await log.eventLog.contents.shred(jobId);
  await using _worker = await startWorker(handler, withKeys());
  await log.until(jobId, 'failed');
  expect(await jobOf(jobId)).toMatchObject({ attempt: 1, error: { code: 'PAYLOAD_ERASED', message: 'shredded' } });
});

test('a job whose payload is erased while it runs completes, and its result cannot be read', async () => {
  const [begun, erased] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const handler = handlerOf(async () => {
    begun.resolve();
    await erased.promise;
    return 'the result';
  });
  await using _worker = await startWorker(handler, withKeys());
  const { jobId } = await log.create(handler.type, { payload });
  await begun.promise;
  await log.eventLog.contents.shred(jobId);
  erased.resolve();
  await log.until(jobId, 'completed');
  expect((await jobOf(jobId))?.result).toEqual({ shredded: true });
});

test('a worker without the key does not run the handler, and a worker that has it tries the job again', async () => {
  const received: unknown[] = [];
  const handler = handlerOf(({ job }) => void received.push(job.payload));
  const backoff = { type: 'fixed', delayMs: 10 } as const;
  const { jobId } = await log.create(handler.type, { payload, maxAttempts: 1_000, backoff });
  const ackWaitMs = 1_000; // a timer that fires while the first worker stops comes again after that
  {
    await using _worker = await startWorker(handler, { ackWaitMs });
    await log.until(jobId, 'retrying');
  }
  await using _worker = await startWorker(handler, { ...withKeys(), ackWaitMs });
  await log.until(jobId, 'completed');
  expect(received).toEqual([payload]);
});
