import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { EventLog } from '@jobstream/eventlog';
import type { Delivery, JobQueueOptions } from '@jobstream/eventlog';
import { publishFirst } from '@jobstream/eventlog/testing/publishRaw';
import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { altered, handlerOf, sharedServer } from '../testing/startTestWorker.ts';

const { nats, log, startWorker } = await sharedServer({}, { maxPayload: '64KB' });

/** An event log whose first message is redelivered while its job runs, as after lost heartbeats. */
class RepeatingLog extends EventLog {
  readonly running = Promise.withResolvers<void>();
  #repeated = false;

  override openQueue(options: JobQueueOptions) {
    return super.openQueue({
      ...options,
      onDelivery: (delivery) => {
        if (!this.#repeated) void this.running.promise.then(() => delivery.nak());
        this.#repeated = true;
        return options.onDelivery(delivery);
      },
    });
  }
}

/** An event log that delivers each message again after it was processed. */
class DoublingLog extends EventLog {
  override openQueue(options: JobQueueOptions) {
    return super.openQueue({
      ...options,
      onDelivery: async (delivery) => {
        await options.onDelivery(delivery);
        await options.onDelivery(altered(delivery, { deliveryCount: delivery.deliveryCount + 1 }));
      },
    });
  }
}

/** An event log that notes when timers are set and messages are acknowledged, and sets none before it is told to. */
class WatchedLog extends EventLog {
  readonly steps: string[] = [];
  readonly mayWake = Promise.withResolvers<void>();

  override async scheduleWake(wake: Parameters<EventLog['scheduleWake']>[0]) {
    await this.mayWake.promise;
    await super.scheduleWake(wake);
    this.steps.push('timer');
  }

  override openQueue(options: JobQueueOptions) {
    const watched = (delivery: Delivery) => {
      const ack = () => {
        this.steps.push('ack');
        delivery.ack();
      };
      const nak: Delivery['nak'] = (...how) => {
        this.steps.push('nak');
        delivery.nak(...how);
      };
      return altered(delivery, { ack, nak });
    };
    return super.openQueue({ ...options, onDelivery: (delivery) => options.onDelivery(watched(delivery)) });
  }
}

test('a result that is ready while the log is unavailable is kept until it is back', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  await using worker = await startWorker(() => promise);
  const { jobId } = await log.create(worker.type, { maxAttempts: 1 });
  await log.until(jobId, 'processing');
  await nats.kill('SIGKILL');
  resolve('worth keeping');
  await nats.restart();
  expect(await log.storyUntil(jobId, 'completed')).toEqual(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
});

test('a job created after an outage runs: the worker takes deliveries again', async () => {
  await using worker = await startWorker(() => 'done');
  await nats.kill('SIGKILL');
  await nats.restart();
  const { jobId } = await log.create(worker.type);
  expect(await log.storyUntil(jobId, 'completed')).toEqual(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
});

test('a message that is delivered again while this process runs its job waits for the end of the run', async () => {
  const eventLog = new RepeatingLog({ url: nats.url, name: 'worker' });
  const { promise, resolve } = Promise.withResolvers<void>();
  const handler = handlerOf(({ job }) => {
    eventLog.running.resolve();
    return job.tags.includes('later') ? undefined : promise;
  });
  await using worker = await startWorker(handler, { eventLog });
  const { jobId } = await log.create(worker.type);
  await eventLog.running.promise;
  // When a job created after the redelivery is through, the redelivery has had its chance to do harm.
  const later = await log.create(worker.type, { tags: ['later'] });
  await log.until(later.jobId, 'completed');
  resolve();
  await eventually(() => expect(worker.lines).toContain('the job is completed'));
  expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
});

test('a message that comes again after its attempt failed leaves the retry to the timer', async () => {
  const eventLog = new DoublingLog({ url: nats.url, name: 'worker' });
  const handler = handlerOf(({ attempt }) => {
    if (attempt === 1) throw new Error('the first always fails');
  });
  await using worker = await startWorker(handler, { eventLog });
  const { jobId } = await log.create(worker.type, { backoff: { type: 'fixed', delayMs: 0 } });
  await log.until(jobId, 'completed');
  const causes = (await log.history(jobId))
    .filter(({ event }) => event === 'JobStarted')
    .map((event) => event.causationId);
  // The first worker's acknowledgement is in flight: after it, no worker would hold an attempt that the message started.
  expect(causes).toEqual([expect.not.stringMatching(/timer|#/), expect.stringMatching(/^timer:/)]);
});

test('the message of a failed attempt is acknowledged after the timer of its retry is set', async () => {
  const eventLog = new WatchedLog({ url: nats.url, name: 'worker' });
  const handler = handlerOf(({ attempt }) => {
    if (attempt === 1) throw new Error('the first always fails');
  });
  await using worker = await startWorker(handler, { eventLog });
  const { jobId } = await log.create(worker.type, { backoff: { type: 'fixed', delayMs: 0 } });
  await eventually(async () => expect(await log.story(jobId)).toContain('JobRetryScheduled 1'));
  await log.eventLog.lastSequence(); // gives one that does not wait the time to acknowledge
  eventLog.mayWake.resolve();
  await log.until(jobId, 'completed');
  expect(eventLog.steps.slice(0, 2)).toEqual(['timer', 'ack']);
});

test('the message of a released attempt is given back after the timer of its job is set', async () => {
  const eventLog = new WatchedLog({ url: nats.url, name: 'worker' });
  const handler = handlerOf(({ signal }) => once(signal, 'abort'));
  await using worker = await startWorker(handler, { eventLog, shutdownGraceMs: 0 });
  const { jobId } = await log.create(worker.type);
  await log.until(jobId, 'processing');
  const stopped = worker.stop();
  await eventually(async () => expect(await log.story(jobId)).toContain('JobReleased 1'));
  await log.eventLog.lastSequence(); // gives one that does not wait the time to give it back
  eventLog.mayWake.resolve();
  await stopped;
  expect(eventLog.steps).toEqual(['timer', 'nak']);
});

test('a result that is too large for the server fails the job for good', async () => {
  await using worker = await startWorker(() => 'x'.repeat(100_000));
  const { jobId } = await log.create(worker.type);
  expect(await log.storyUntil(jobId, 'failed')).toEqual(['JobCreated', 'JobStarted 1', 'JobFailed 1']);
  expect((await log.history(jobId)).at(-1)?.data).toMatchObject({
    reason: 'unrecoverable',
    error: { code: 'EVENT_TOO_LARGE' },
  });
});

test.each([
  { token: 'created', v: 2, event: 'JobCreated' },
  { token: 'enlisted', v: 1, event: 'JobEnlisted' },
])('a timer of a job that only a newer release can read is set anew for a newer worker: $event', async (first) => {
  const runs: unknown[] = [];
  await using worker = await startWorker((ctx) => runs.push(ctx));
  const [jobId, jobType] = [randomUUID(), worker.type];
  await publishFirst(nats.url, { ...first, jobId, jobType });
  await log.eventLog.scheduleWake({ jobId, jobType, at: new Date().toISOString() });
  const offers = () => worker.lines.filter((line) => line.startsWith('a newer release created the job'));
  await eventually(() => expect(offers().length).toBeGreaterThan(1));
  expect(runs).toEqual([]);
});
