import { EventLog } from '@jobstream/eventlog';
import type { JobQueueOptions } from '@jobstream/eventlog';
import { eventually, startNats } from '@jobstream/testing';
import { Schema } from 'effect';
import { expect, test } from 'vitest';
import { defineHandler } from './handler/defineHandler.ts';
import type { Handler, JobContext } from './handler/defineHandler.ts';
import { altered, startTestWorker } from '../testing/startTestWorker.ts';
import { TestLog } from '../testing/testLog.ts';

function handlerOf(run: (ctx: JobContext) => unknown): Handler {
  return defineHandler({ type: 'any', payload: Schema.Unknown, run: (_payload, ctx) => run(ctx) });
}

/** An event log that hands its first message back while the job runs, so that it comes again, as after heartbeats that got lost. */
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

/** An event log that delivers each message again when it was answered. */
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

test('a result that is ready while the log is away is kept until it is back', async () => {
  await using nats = await startNats();
  const { promise, resolve } = Promise.withResolvers<string>();
  await using log = await TestLog.open(nats.url);
  await using _worker = await startTestWorker([handlerOf(() => promise)], { natsUrl: nats.url });
  const { jobId } = await log.create('any', { maxAttempts: 1 });
  await log.storyUntil(jobId, 'processing');
  await nats.kill('SIGKILL');
  resolve('worth keeping');
  await nats.restart();
  expect(await log.storyUntil(jobId, 'completed')).toEqual(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
});

test('a job created after an outage runs: the worker takes deliveries again', async () => {
  await using nats = await startNats();
  await using log = await TestLog.open(nats.url);
  await using _worker = await startTestWorker([handlerOf(() => 'done')], { natsUrl: nats.url });
  await nats.kill('SIGKILL');
  await nats.restart();
  const { jobId } = await log.create('any');
  expect(await log.storyUntil(jobId, 'completed')).toEqual(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
});

test('a message that is delivered again while this process runs its job waits for the end of the run', async () => {
  await using nats = await startNats();
  await using log = await TestLog.open(nats.url);
  const eventLog = new RepeatingLog({ url: nats.url, name: 'worker' });
  const { promise, resolve } = Promise.withResolvers<void>();
  const handler = handlerOf(({ job }) => {
    eventLog.running.resolve();
    return job.tags.includes('later') ? undefined : promise;
  });
  await using worker = await startTestWorker([handler], { natsUrl: nats.url, eventLog });
  const { jobId } = await log.create('any');
  await eventLog.running.promise;
  // When a job created after the redelivery is through, the redelivery has had its chance to do harm.
  const later = await log.create('any', { tags: ['later'] });
  await log.storyUntil(later.jobId, 'completed');
  resolve();
  await eventually(() => expect(worker.lines).toContain('the job is completed'));
  expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
});

test('a message that comes again after its attempt failed leaves the retry to the timer', async () => {
  await using nats = await startNats();
  await using log = await TestLog.open(nats.url);
  const eventLog = new DoublingLog({ url: nats.url, name: 'worker' });
  const handler = handlerOf(({ attempt }) => {
    if (attempt === 1) throw new Error('the first always fails');
  });
  await using _worker = await startTestWorker([handler], { natsUrl: nats.url, eventLog });
  const { jobId } = await log.create('any', { backoff: { type: 'fixed', delayMs: 0 } });
  await log.storyUntil(jobId, 'completed');
  const causes = (await log.history(jobId))
    .filter(({ event }) => event === 'JobStarted')
    .map((event) => event.causationId);
  // The first worker's acknowledgement is on its way: an attempt that the message started would be nobody's if we died.
  expect(causes).toEqual([expect.not.stringMatching(/timer|#/), expect.stringMatching(/^timer:/)]);
});

test('a result that the server takes for too large fails the job for good', async () => {
  await using nats = await startNats({ maxPayload: '64KB' });
  await using log = await TestLog.open(nats.url);
  await using _worker = await startTestWorker([handlerOf(() => 'x'.repeat(100_000))], { natsUrl: nats.url });
  const { jobId } = await log.create('any');
  expect(await log.storyUntil(jobId, 'failed')).toEqual(['JobCreated', 'JobStarted 1', 'JobFailed 1']);
  expect((await log.history(jobId)).at(-1)?.data).toMatchObject({
    reason: 'unrecoverable',
    error: { code: 'EVENT_TOO_LARGE' },
  });
});
