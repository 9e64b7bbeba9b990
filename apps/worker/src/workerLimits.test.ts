import { EventLog } from '@jobstream/eventlog';
import type { Delivery, JobQueue, JobQueueOptions } from '@jobstream/eventlog';
import { eventually, startNats } from '@jobstream/testing';
import type { TestNats } from '@jobstream/testing';
import { Schema } from 'effect';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defineHandler } from './handler/defineHandler.ts';
import type { Handler } from './handler/defineHandler.ts';
import { altered, startTestWorker } from '../testing/startTestWorker.ts';
import { TestLog } from '../testing/testLog.ts';

let nats: TestNats;
let log: TestLog;

beforeAll(async () => {
  nats = await startNats();
  log = await TestLog.open(nats.url);
});

afterAll(async () => {
  await log[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

function handlerOf(type: string, run: () => unknown): Handler {
  return defineHandler({ type, payload: Schema.Unknown, run });
}

function create(jobType: string, count: number, fields = {}) {
  return Promise.all(Array.from({ length: count }, () => log.create(jobType, fields)));
}

test('a type may have a concurrency of its own, and the others keep theirs', async () => {
  const gate = Promise.withResolvers<void>();
  const running = { narrow: 0, wide: 0 };
  const hold = (type: keyof typeof running) =>
    handlerOf(type, async () => {
      running[type] += 1;
      await gate.promise;
    });
  const limits = new Map([['narrow', { concurrency: 2 }]]);
  await using _worker = await startTestWorker([hold('narrow'), hold('wide')], { natsUrl: nats.url, limits });
  const jobs = await create('narrow', 5);
  await create('wide', 5);
  await eventually(() => expect(running).toEqual({ narrow: 2, wide: 5 }));
  expect((await log.eventLog.jobTypes.list()).map(({ jobType, limits: shown }) => [jobType, shown])).toEqual([
    ['narrow', { concurrency: 2 }],
    ['wide', { concurrency: 10 }],
  ]);
  gate.resolve();
  for (const { jobId } of jobs) await log.storyUntil(jobId, 'completed');
});

test('a rate counts attempts only: jobs that are not due get their timers whatever it is', async () => {
  const limits = new Map([['slow', { rate: { starts: 1, perMs: 3_600_000 } }]]);
  let runs = 0;
  await using worker = await startTestWorker([handlerOf('slow', () => (runs += 1))], { natsUrl: nats.url, limits });
  await create('slow', 5, { runAt: new Date(Date.now() + 3_600_000).toISOString() });
  const timers = () => worker.lines.filter((line) => line.startsWith('the job is not due before'));
  await eventually(() => expect(timers()).toHaveLength(5));
  const now = await create('slow', 3);
  await eventually(() => expect(runs).toBe(1));
  const statuses = await Promise.all(now.map(({ jobId }) => log.eventLog.readJob(jobId)));
  expect(statuses.filter((snapshot) => snapshot?.job.status === 'pending')).toHaveLength(2);
});

/** Its queues have no slot for the first delivery of each job. */
class LogWithoutFirstSlots extends EventLog {
  override openQueue(options: JobQueueOptions): Promise<JobQueue> {
    const refused = new Set<string>();
    const onDelivery = (delivery: Delivery) => {
      if (refused.has(delivery.jobId)) return options.onDelivery(delivery);
      refused.add(delivery.jobId);
      return options.onDelivery(altered(delivery, { acquireSlot: () => Promise.resolve(false) }));
    };
    return super.openQueue({ ...options, onDelivery });
  }
}

test('a job that was claimed and gets no slot in time is given up, which burns no attempt, and runs later', async () => {
  let runs = 0;
  const eventLog = new LogWithoutFirstSlots({ url: nats.url, name: 'worker' });
  await using _worker = await startTestWorker([handlerOf('late', () => (runs += 1))], { natsUrl: nats.url, eventLog });
  const [job] = await create('late', 1, { maxAttempts: 2 });
  expect(await log.storyUntil(job?.jobId ?? '', 'completed')).toEqual([
    'JobCreated',
    'JobStarted 1',
    'JobReleased 1',
    'JobStarted 1',
    'JobCompleted 1',
  ]);
  expect(runs).toBe(1);
});

test('the last attempt of a job is claimed only when there is a slot to run it in', async () => {
  const eventLog = new LogWithoutFirstSlots({ url: nats.url, name: 'worker' });
  await using _worker = await startTestWorker([handlerOf('last', () => 'done')], { natsUrl: nats.url, eventLog });
  const [job] = await create('last', 1, { maxAttempts: 1 });
  const story = await log.storyUntil(job?.jobId ?? '', 'completed');
  expect(story).toEqual(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
});
