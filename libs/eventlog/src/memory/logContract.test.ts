import { randomUUID } from 'node:crypto';
import type { Priority } from '@jobstream/domain';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JobScript } from '../../testing/jobScript.ts';
import { logStages, type AnyLog, type LogStage } from '../../testing/logStages.ts';
import { openTestQueue, type Handle } from '../../testing/openTestQueue.ts';
import { ConcurrentAppendError, EventTooLargeError } from '../errors.ts';
import type { Delivery } from '../queue/delivery.ts';

const newType = () => `type-${randomUUID()}`;
const ack = (delivery: Delivery) => delivery.ack();
const short = { ackWaitMs: 1_500, concurrency: 10 };

describe.each(logStages)('the event log %s', (_name, open) => {
  let stage: LogStage;
  let log: AnyLog;

  beforeAll(async () => {
    stage = await open();
    log = await stage.connect();
  });
  afterAll(() => stage.stop());

  async function create(jobType = newType()): Promise<{ job: JobScript; sequence: number }> {
    const job = new JobScript({ jobType });
    return { job, sequence: await log.append(job.create(), 0) };
  }

  const openQueue = (
    jobType: string,
    handle: Handle = ack,
    options: { ackWaitMs?: number; concurrency?: number } = {},
  ) => openTestQueue(log, { jobType, ...options }, handle);

  describe('an append', () => {
    test('of each event of a job expects the one before, and is found by readers', async () => {
      const { job, sequence } = await create();
      const started = await log.append(job.start(), sequence);
      const completed = await log.append(job.complete({ ok: true }), started);
      expect([sequence < started, started < completed]).toEqual([true, true]);
      expect(await log.lastSequence()).toBe(completed);
      expect(await log.readJob(job.jobId, job.jobType)).toMatchObject({
        job: { status: 'completed', version: 3, result: { ok: true } },
        sequence: completed,
        dispatches: [sequence],
      });
      const history = await log.readHistory(job.jobId);
      expect(history.map(({ event }) => event)).toEqual(job.events);
      expect(history.map((recorded) => recorded.sequence)).toEqual([sequence, started, completed]);
    });

    test.each([
      ['an earlier event than the last', 0],
      ['an event that is not there', 1_000_000],
    ])('that expects %s is a conflict, and stores nothing', async (_what, shift) => {
      const { job, sequence } = await create();
      await log.append(job.start(), sequence);
      const end = await log.lastSequence();
      await expect(log.append(job.complete(), sequence + shift)).rejects.toThrow(ConcurrentAppendError);
      expect(await log.lastSequence()).toBe(end);
    });

    test('with the claim of a unique key expects the last claim of it, and stores both or neither', async () => {
      const key = randomUUID();
      const [first, second] = [new JobScript(), new JobScript()];
      const sequence = await log.append(first.create(), 0, { key, after: 0 });
      expect(await log.lastSequence()).toBe(sequence);
      await expect(log.append(second.create(), 0, { key, after: 0 })).rejects.toThrow(ConcurrentAppendError);
      await expect(log.append(first.start(), 0, { key, after: sequence - 1 })).rejects.toThrow(ConcurrentAppendError);
      expect(await log.lastSequence()).toBe(sequence);
      expect(await log.append(new JobScript().create(), 0, { key, after: sequence - 1 })).toBe(sequence + 2);
    });

    test('of several new jobs stores all of them, each behind its claim, or none', async () => {
      const jobs = [new JobScript(), new JobScript()].map((job) => job.create());
      const claims = new Map([[jobs[1]?.jobId ?? '', { key: randomUUID(), after: 0 }]]);
      const end = await log.lastSequence();
      await log.appendAll(jobs, claims);
      expect(await log.lastSequence()).toBe(end + 3);
      const again = [new JobScript().create(), ...jobs];
      await expect(log.appendAll(again)).rejects.toThrow(ConcurrentAppendError);
      expect(await log.lastSequence()).toBe(end + 3);
    });

    test('of a job that exists is a conflict, with a key also in another type', async () => {
      const [jobId, key] = [randomUUID(), { idempotencyKey: 'order-1' }];
      const creation = () => new JobScript({ jobId, jobType: newType() }).create(key);
      const first = creation();
      await log.append(first, 0);
      await expect(log.append(first, 0)).rejects.toThrow(ConcurrentAppendError);
      await expect(log.append(creation(), 0)).rejects.toThrow(ConcurrentAppendError);
    });

    test('has one winner of many at the same time', async () => {
      const { job, sequence } = await create();
      const started = job.start();
      const rivals = Array.from({ length: 20 }, () => ({ ...started, id: randomUUID() }));
      const outcomes = await Promise.allSettled(rivals.map((event) => log.append(event, sequence)));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await log.readHistory(job.jobId)).toHaveLength(2);
    });

    test('of more than a message can have is refused', async () => {
      const job = new JobScript();
      const creation = job.create({ payload: 'x'.repeat(1_100_000) });
      await expect(log.append(creation, 0)).rejects.toThrow(EventTooLargeError);
      expect(await log.readJob(job.jobId)).toBeUndefined();
    });
  });

  describe('a reader', () => {
    test('finds no job that does not exist', async () => {
      expect(await log.readJob(randomUUID())).toBeUndefined();
      expect(await log.readHistory(randomUUID())).toEqual([]);
    });

    test('follows the log from a sequence on, through what is stored already to what comes', async () => {
      const { sequence } = await create();
      const { job: second, sequence: after } = await create();
      const feed = log.follow({ after: sequence });
      const seen: unknown[] = [];
      const reading = (async () => {
        for await (const entries of feed) seen.push(...entries.map((entry) => [entry.sequence, entry.kind]));
      })();
      const started = await log.append(second.start(), after);
      const expected = [after, started].map((one) => [one, 'event']);
      await stage.until(() => expect(seen).toEqual(expected));
      await feed.stop();
      await reading;
    });
  });

  describe('a queue', () => {
    test('delivers jobs that were created before and after it was opened, and requeued ones', async () => {
      const jobType = newType();
      const before = await create(jobType);
      await using queue = await openQueue(jobType);
      const after = await create(jobType);
      const cancelled = await log.append(after.job.next({ kind: 'CancelJob' }), after.sequence);
      const requeued = await log.append(after.job.next({ kind: 'RequeueJob' }), cancelled);
      await stage.until(() => expect(queue.deliveries).toHaveLength(3));
      const calls = queue.deliveries.map(({ jobId, recorded }) => [jobId, recorded?.sequence, recorded?.isFirst]);
      expect(calls).toEqual([
        [before.job.jobId, before.sequence, true],
        [after.job.jobId, after.sequence, true],
        [after.job.jobId, requeued, false],
      ]);
    });

    test('delivers jobs of each priority, those of low as well while others wait', async () => {
      const jobType = newType();
      const job = (priority: Priority) => new JobScript({ jobType }).create({ priority });
      for (const priority of ['low', 'normal', 'high'] as const)
        for (let count = 0; count < 50; count++) await log.append(job(priority), 0);
      await using queue = await openQueue(jobType, ack, { concurrency: 1 });
      await stage.until(() => expect(queue.deliveries).toHaveLength(150));
      const first = Map.groupBy(queue.deliveries.slice(0, 60), (delivery) => delivery.priority ?? 'normal');
      expect(first.get('high')?.length).toBeGreaterThan(first.get('normal')?.length ?? 0);
      expect(first.get('normal')?.length).toBeGreaterThan(first.get('low')?.length ?? 0);
      expect(first.get('low')?.length).toBeGreaterThan(0);
    });

    test('delivers again what is handed back, at once or after a delay, and counts', async () => {
      const jobType = newType();
      const arrivals: [count: number, at: number][] = [];
      await using _queue = await openQueue(jobType, (delivery) => {
        arrivals.push([delivery.deliveryCount, stage.now()]);
        if (delivery.deliveryCount === 3) delivery.ack();
        else delivery.nak(delivery.deliveryCount === 2 ? 600 : undefined);
      });
      await create(jobType);
      await stage.until(() => expect(arrivals.map(([count]) => count)).toEqual([1, 2, 3]));
      const [, second = 0, third = 0] = arrivals.map(([, at]) => at);
      expect(third - second).toBeGreaterThanOrEqual(590);
    });

    test('delivers again after the ack wait what is left unsettled, but not what is worked on', async () => {
      const jobType = newType();
      const [worked, left] = [await create(jobType), await create(jobType)];
      const [counts, gate] = [new Map<string, number[]>(), Promise.withResolvers<void>()];
      const handle = async (delivery: Delivery) => {
        const { jobId, deliveryCount } = delivery;
        counts.set(jobId, [...(counts.get(jobId) ?? []), deliveryCount]);
        if (jobId === worked.job.jobId) await gate.promise;
        if (jobId === worked.job.jobId || deliveryCount === 2) delivery.ack();
      };
      await using queue = await openQueue(jobType, handle, { ackWaitMs: 600 });
      await stage.until(() => expect(counts.get(left.job.jobId)).toEqual([1, 2]));
      gate.resolve();
      await stage.until(() => expect(queue.deliveries).toHaveLength(3));
      expect(counts.get(worked.job.jobId)).toEqual([1]);
    });

    test('that stops keeps alive what it still works on', async () => {
      const jobType = newType();
      const worked = await create(jobType);
      const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const handle = async (delivery: Delivery) => {
        begun.resolve();
        await gate.promise;
        delivery.ack();
      };
      const leaving = await (await stage.connect()).openQueue({ jobType, ...short, onDelivery: handle });
      await begun.promise;
      const stopped = leaving.stop();
      const left = await create(jobType);
      await using heir = await openQueue(jobType, (delivery) => delivery.deliveryCount === 3 && delivery.ack(), short);
      const ofHeir = () => heir.deliveries.map(({ jobId, deliveryCount }) => [jobId, deliveryCount]);
      await stage.until(() => expect(ofHeir()).toContainEqual([left.job.jobId, 3]));
      expect(ofHeir().map(([jobId]) => jobId)).not.toContain(worked.job.jobId);
      gate.resolve();
      await stopped;
    });

    test('of another process takes over what a lost one has not settled', async () => {
      const jobType = newType();
      const { job } = await create(jobType);
      const lost = await stage.connect();
      const taken = Promise.withResolvers<Delivery>();
      await lost.openQueue({
        jobType,
        concurrency: 1,
        ackWaitMs: 1_000,
        onDelivery: (delivery) => {
          taken.resolve(delivery);
          return new Promise(() => undefined);
        },
      });
      const held = await taken.promise;
      await lost.stop();
      held.ack();
      await using queue = await openQueue(jobType, ack, { ackWaitMs: 1_000 });
      await stage.until(() => expect(queue.deliveries).toMatchObject([{ jobId: job.jobId, deliveryCount: 2 }]));
    });

    test('works on no more jobs at once than it has slots', async () => {
      const jobType = newType();
      let [running, most] = [0, 0];
      const twoRun = Promise.withResolvers<void>();
      await using queue = await openQueue(
        jobType,
        async (delivery) => {
          if (!(await delivery.acquireSlot())) return delivery.nak();
          most = Math.max(most, ++running);
          if (running === 2) twoRun.resolve();
          await twoRun.promise;
          running--;
          delivery.ack();
        },
        { concurrency: 2 },
      );
      for (let count = 0; count < 6; count++) await create(jobType);
      await stage.until(() => expect(new Set(queue.deliveries.map(({ jobId }) => jobId)).size).toBe(6));
      await stage.until(() => expect(running).toBe(0));
      expect(most).toBe(2);
    });
  });

  describe('a timer', () => {
    test('delivers its job when it is due, not before, and only the one that was set last', async () => {
      const [jobType, jobId] = [newType(), randomUUID()];
      const at = (ms: number) => new Date(stage.now() + ms).toISOString();
      const dueAt = at(1_000);
      await log.scheduleWake({ jobId, jobType, at: at(300) });
      await log.scheduleWake({ jobId, jobType, at: dueAt });
      const arrivals: number[] = [];
      await using queue = await openQueue(jobType, (delivery) => {
        arrivals.push(stage.now());
        delivery.ack();
      });
      await stage.until(() => expect(queue.deliveries).toHaveLength(1));
      expect(queue.deliveries).toMatchObject([{ jobId, jobType, dueAt, deliveryCount: 1 }]);
      expect(queue.deliveries[0]?.causationId).toMatch(/^timer:\d+$/);
      expect(arrivals[0]).toBeGreaterThanOrEqual(Date.parse(dueAt));
    });

    test('of the past delivers its job at once', async () => {
      const jobType = newType();
      await log.scheduleWake({ jobId: randomUUID(), jobType, at: '2020-01-01T00:00:00.000Z' });
      await using queue = await openQueue(jobType);
      await stage.until(() => expect(queue.deliveries).toHaveLength(1));
    });

    test('that is not awaited delivers its job as well when its time comes', async () => {
      const [jobType, jobId] = [newType(), randomUUID()];
      const dueAt = new Date(stage.now() + 1_000).toISOString();
      await log.scheduleWake({ jobId, jobType, at: dueAt });
      const now = new Date(stage.now()).toISOString();
      await log.wakeNow({ jobId, jobType, at: now });
      await using queue = await openQueue(jobType);
      await stage.until(() => expect(queue.deliveries.map((delivery) => delivery.dueAt)).toEqual([now, dueAt]));
    });
  });

  test('subscribers hear of the cancellations of their types', async () => {
    const jobType = newType();
    const hinted: string[] = [];
    const unsubscribe = log.subscribeToCancellations([jobType], (jobId) => hinted.push(jobId));
    const [other, own] = [await create(), await create(jobType)];
    for (const { job, sequence } of [other, own]) await log.append(job.next({ kind: 'CancelJob' }), sequence);
    await stage.until(() => expect(hinted).toEqual([own.job.jobId]));
    unsubscribe();
  });
});
