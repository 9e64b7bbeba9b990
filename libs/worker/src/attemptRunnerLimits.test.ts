import { EventLog } from '@jobstream/eventlog';
import type { Delivery, JobQueueOptions, OpenQueue } from '@jobstream/eventlog';
import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { altered, handlerOf, sharedServer } from '../testing/startTestWorker.ts';

const { nats, log, startWorker } = await sharedServer();

test('a type may have a concurrency of its own, and the others keep theirs', async () => {
  const gate = Promise.withResolvers<void>();
  const running = { narrow: 0, wide: 0 };
  const hold = (type: keyof typeof running) =>
    handlerOf(async () => {
      running[type] += 1;
      await gate.promise;
    }, type);
  const limits = new Map([['narrow', { concurrency: 2 }]]);
  await using _worker = await startWorker([hold('narrow'), hold('wide')], { limits });
  const jobs = await log.createMany(5, 'narrow');
  await log.createMany(5, 'wide');
  await eventually(() => expect(running).toEqual({ narrow: 2, wide: 5 }));
  expect((await log.eventLog.jobTypes.list()).map(({ jobType, limits: shown }) => [jobType, shown])).toEqual([
    ['narrow', { concurrency: 2 }],
    ['wide', { concurrency: 10 }],
  ]);
  gate.resolve();
  await log.untilAll(jobs, 'completed');
});

test('a rate counts attempts only: jobs that are not due get their timers regardless of it', async () => {
  const limits = new Map([['slow', { rate: { starts: 1, perMs: 3_600_000 } }]]);
  let runs = 0;
  await using worker = await startWorker(
    handlerOf(() => (runs += 1), 'slow'),
    { limits },
  );
  await log.createMany(5, 'slow', { runAt: new Date(Date.now() + 3_600_000).toISOString() });
  const timers = () => worker.lines.filter((line) => line.startsWith('the job is not due before'));
  await eventually(() => expect(timers()).toHaveLength(5));
  const now = await log.createMany(3, 'slow');
  await eventually(() => expect(runs).toBe(1));
  const statuses = await Promise.all(now.map(({ jobId }) => log.eventLog.readJob(jobId)));
  expect(statuses.filter((snapshot) => snapshot?.job.status === 'pending')).toHaveLength(2);
});

/** Its queues have no slot for the first delivery of each job. */
class LogWithoutFirstSlots extends EventLog {
  override openQueue(options: JobQueueOptions): Promise<OpenQueue> {
    const refused = new Set<string>();
    const onDelivery = (delivery: Delivery) => {
      if (refused.has(delivery.jobId)) return options.onDelivery(delivery);
      refused.add(delivery.jobId);
      return options.onDelivery(altered(delivery, { acquireSlot: () => Promise.resolve(false) }));
    };
    return super.openQueue({ ...options, onDelivery });
  }
}

test('a claimed job that gets no slot in time is released, which burns no attempt, and runs later', async () => {
  let runs = 0;
  const eventLog = new LogWithoutFirstSlots({ url: nats.url, name: 'worker' });
  await using _worker = await startWorker(
    handlerOf(() => (runs += 1), 'late'),
    { eventLog },
  );
  const { jobId } = await log.create('late', { maxAttempts: 2 });
  expect(await log.storyUntil(jobId, 'completed')).toEqual([
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
  await using _worker = await startWorker(
    handlerOf(() => 'done', 'last'),
    { eventLog },
  );
  const { jobId } = await log.create('last', { maxAttempts: 1 });
  expect(await log.storyUntil(jobId, 'completed')).toEqual(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
});

test('of a thousand jobs delayed to the same second none runs before it, and each runs once', async () => {
  const runs: number[] = [];
  const handler = handlerOf(() => void runs.push(Date.now()));
  const options = { concurrency: 50, ackWaitMs: 30_000 };
  await using _one = await startWorker(handler, options);
  await using _other = await startWorker(handler, options);
  const due = Math.ceil((Date.now() + 6_000) / 1_000) * 1_000;
  const created = await log.createMany(1_000, handler.type, { runAt: new Date(due).toISOString() });
  await log.untilAll(created, 'completed');
  expect(runs.filter((at) => at < due)).toEqual([]);
  expect(runs).toHaveLength(created.length);
  const stories = await log.stories();
  const once = ['JobCreated', 'JobStarted 1', 'JobCompleted 1'];
  expect(created.filter(({ jobId }) => stories.get(jobId)?.join() !== once.join())).toEqual([]);
});
