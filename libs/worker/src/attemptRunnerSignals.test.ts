import { defineJob } from '@jobstream/client';
import { EventLog, type Wake } from '@jobstream/eventlog';
import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { sharedServer } from '../testing/startTestWorker.ts';
import { jobHandler } from './handler/jobHandler.ts';

const { nats, log, startWorker } = await sharedServer();
const order = defineJob('order', { payload: z.unknown(), signals: { approved: z.string() } });
const approval = jobHandler(order, (_payload, { waitFor }) => waitFor('approval', 'approved'));

/** Notes the timers that are set, each when it is, and does something before that which is set for a job that waits first. */
class LateTimers extends EventLog {
  readonly set: string[] = [];
  readonly #before: (wake: Wake) => Promise<unknown>;
  #waits = false;

  constructor(url: string, before: (wake: Wake) => Promise<unknown>) {
    super({ url, name: 'worker' });
    this.#before = before;
  }

  override async scheduleWake(wake: Wake): Promise<void> {
    const found = await this.readJob(wake.jobId);
    if (found?.job.status === 'waiting' && !this.#waits) {
      this.#waits = true;
      await this.#before(wake);
    }
    await super.scheduleWake(wake);
    this.set.push(wake.at);
  }
}

test('the timer of a wait that a signal has ended before it was set does not replace that of the next wait', async () => {
  const until = new Date(Date.now() + 600_000).toISOString();
  const eventLog = new LateTimers(nats.url, async ({ jobId, jobType }) => {
    await log.act(jobId, { kind: 'SignalJob', name: 'approved', payload: 'ada' });
    await log.act(jobId, { kind: 'ResumeAttempt', worker: 'another' });
    await log.act(jobId, { kind: 'SuspendAttempt', attempt: 1, until, ranMs: 1 });
    await log.eventLog.scheduleWake({ jobId, jobType, at: until });
  });
  const worker = await startWorker(approval, { eventLog, shutdownGraceMs: 30_000 });
  await log.create(worker.type);
  await eventually(() => expect(eventLog.set.length).toBeGreaterThanOrEqual(2));
  await worker.stop();
  expect(eventLog.set.at(-1)).toBe(until);
});
