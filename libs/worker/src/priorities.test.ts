import { randomUUID } from 'node:crypto';
import { defineJob } from '@jobstream/client';
import { decide, isRejection, type JobEvent, type Priority } from '@jobstream/domain';
import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { handlerOf, sharedServer } from '../testing/startTestWorker.ts';
import { jobHandler } from './handler/jobHandler.ts';

const { log, startWorker } = await sharedServer();

const STARTS = 10_000;

function creation(jobType: string, priority: Priority): JobEvent {
  const command = {
    kind: 'CreateJob',
    eventId: randomUUID(),
    at: new Date().toISOString(),
    actor: { kind: 'user', id: 'test' },
    jobId: randomUUID(),
    jobType,
    payload: priority,
    maxAttempts: 3,
    backoff: { type: 'fixed', delayMs: 100 },
    timeoutMs: 60_000,
    tags: [],
    priority,
  } as const;
  const event = decide(command, undefined);
  if (isRejection(event)) throw new Error(event.detail);
  return event;
}

async function createMany(count: number, jobType: string, priority: Priority): Promise<void> {
  for (let stored = 0; stored < count; stored += 1_000)
    await log.eventLog.appendAll(Array.from({ length: 1_000 }, () => creation(jobType, priority)));
}

/** A handler that notes the priorities of jobs in the order in which they start. */
function noting(started: unknown[]) {
  return jobHandler(defineJob('shared', { payload: z.unknown() }), (payload) => void started.push(payload));
}

test('while more jobs of high priority wait than two workers can run, those of low priority have their share of 10,000 starts', async () => {
  const started: unknown[] = [];
  const handler = noting(started);
  await createMany(2_000, handler.type, 'low');
  await createMany(12_000, handler.type, 'high');
  await using _one = await startWorker(handler, { concurrency: 20 });
  await using _other = await startWorker(handler, { concurrency: 20 });
  await eventually(() => expect(started.length).toBeGreaterThanOrEqual(STARTS));
  const low = started.slice(0, STARTS).filter((priority) => priority === 'low').length;
  expect(low / STARTS).toBeGreaterThanOrEqual(0.04);
  await eventually(() => expect(started).toHaveLength(14_000));
});

test('without jobs of high priority those of low priority have every slot', async () => {
  const gate = Promise.withResolvers<void>();
  let running = 0;
  const handler = handlerOf(() => {
    running++;
    return gate.promise;
  });
  await using _worker = await startWorker(handler, { concurrency: 10 });
  await log.create(handler.type, { priority: 'high' });
  await createMany(1_000, handler.type, 'low');
  await eventually(() => expect(running).toBe(10));
  gate.resolve();
  await eventually(() => expect(running).toBe(1_001));
});
