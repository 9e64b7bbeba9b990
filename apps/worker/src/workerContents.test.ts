import { randomBytes, randomUUID } from 'node:crypto';
import { EventLog } from '@jobstream/eventlog';
import { eventually, startNats, type TestNats } from '@jobstream/testing';
import { Schema } from 'effect';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defineHandler } from './handler/defineHandler.ts';
import { startTestWorker } from '../testing/startTestWorker.ts';

const masterKeys = [{ id: 'test', secret: randomBytes(32) }];
let nats: TestNats;
let log: EventLog;

beforeAll(async () => {
  nats = await startNats();
  log = withKeys();
  await log.start();
});

afterAll(async () => {
  await log.stop();
  await nats[Symbol.asyncDispose]();
});

function withKeys(): EventLog {
  return new EventLog({ url: nats.url, name: 'test', masterKeys, deadlineMs: 30_000 });
}

async function create(jobType: string, maxAttempts = 1): Promise<string> {
  const [jobId, at] = [randomUUID(), new Date().toISOString()];
  const backoff = { type: 'fixed', delayMs: 10 } as const;
  const data = { payload: { secret: 'the payload' }, maxAttempts, backoff, timeoutMs: 60_000, tags: [] };
  const common = { v: 1, id: randomUUID(), jobId, jobType, version: 1, at } as const;
  await log.append({ ...common, actor: { kind: 'user', id: 'test' }, event: 'JobCreated', data }, 0);
  return jobId;
}

const handlerOf = (type: string, run: (payload: unknown) => unknown) =>
  defineHandler({
    type,
    payload: Schema.Unknown,
    run: (payload, { progress }) => {
      progress({ message: 'the progress' });
      return run(payload);
    },
  });

const jobOf = async (jobId: string) => (await log.readJob(jobId))?.job;
const reaches = (jobId: string, status: string) =>
  eventually(async () => expect((await jobOf(jobId))?.status).toBe(status), { timeoutMs: 40_000 });

async function storedText(): Promise<string> {
  const messages = await log.messages.from(1, { count: 1_000 });
  return messages.map(({ body }) => Buffer.from(body).toString()).join('\n');
}

test('a handler gets what was sent, and what it returns and reports is stored encrypted', async () => {
  const given: unknown[] = [];
  const handler = handlerOf('returns', (payload) => {
    given.push(payload);
    return 'the result';
  });
  await using _worker = await startTestWorker([handler], { natsUrl: nats.url, eventLog: withKeys() });
  const jobId = await create('returns');
  await reaches(jobId, 'completed');
  expect(given).toEqual([{ secret: 'the payload' }]);
  expect(await jobOf(jobId)).toMatchObject({ result: 'the result', progress: { message: 'the progress' } });
  expect(await storedText()).toContain(jobId);
  expect(await storedText()).not.toMatch(/the (payload|result|progress)/);
});

test('what a handler throws is stored encrypted', async () => {
  const handler = handlerOf('throws', () => {
    throw new Error('the error');
  });
  await using _worker = await startTestWorker([handler], { natsUrl: nats.url, eventLog: withKeys() });
  const jobId = await create('throws');
  await reaches(jobId, 'failed');
  expect((await jobOf(jobId))?.error).toMatchObject({ name: 'Error', message: 'the error' });
  expect(await storedText()).not.toContain('the error');
});

test('a job whose payload was erased before it ran fails for good, and its handler is not called', async () => {
  const handler = handlerOf('erased', () => expect.unreachable());
  const jobId = await create('erased', 5);
  await log.contents.shred(jobId);
  await using _worker = await startTestWorker([handler], { natsUrl: nats.url, eventLog: withKeys() });
  await reaches(jobId, 'failed');
  expect(await jobOf(jobId)).toMatchObject({ attempt: 1, error: { code: 'PAYLOAD_ERASED', message: 'shredded' } });
});

test('a job whose payload is erased while it runs ends as it would, and its result cannot be read', async () => {
  const { promise: running, resolve: begun } = Promise.withResolvers<void>();
  const { promise: erased, resolve: goOn } = Promise.withResolvers<void>();
  const handler = handlerOf('running', async () => {
    begun();
    await erased;
    return 'the result';
  });
  await using _worker = await startTestWorker([handler], { natsUrl: nats.url, eventLog: withKeys() });
  const jobId = await create('running');
  await running;
  await log.contents.shred(jobId);
  goOn();
  await reaches(jobId, 'completed');
  expect((await jobOf(jobId))?.result).toEqual({ shredded: true });
});

test('a worker without the key does not run the handler, and the job is tried again by one that has it', async () => {
  const given: unknown[] = [];
  const handler = handlerOf('locked', (payload) => void given.push(payload));
  const jobId = await create('locked', 1_000);
  const ackWaitMs = 1_000; // a timer that fires while the first worker stops comes again after that
  {
    await using _worker = await startTestWorker([handler], { natsUrl: nats.url, ackWaitMs });
    await reaches(jobId, 'retrying');
  }
  await using _worker = await startTestWorker([handler], { natsUrl: nats.url, eventLog: withKeys(), ackWaitMs });
  await reaches(jobId, 'completed');
  expect(given).toEqual([{ secret: 'the payload' }]);
});
