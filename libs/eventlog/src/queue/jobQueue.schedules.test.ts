import { CLOCK_INACCURACY_MS, checkSchedules, type Schedule } from '@jobstream/test-support';
import { array, boolean, integer, option, record } from 'fast-check';
import { expect, test } from 'vitest';
import { silentSink } from '../connection/logSink.ts';
import { jobAppendRequest } from '../append/appendRequest.ts';
import { EXPECTED_FILTER, EXPECTED_SEQUENCE } from '../connection/headers.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { type ConsumerFaults, ScheduledConsumers } from '../../testing/schedules/scheduledConsumers.ts';
import type { StartRate } from './admission/rateLimiter.ts';
import type { Delivery } from './delivery.ts';
import { JobQueue } from './jobQueue.ts';
import { workConsumers } from './consumers/consumerSettings.ts';

interface Plan {
  readonly faults: ConsumerFaults;
  readonly jobs: number;
  readonly concurrency: number;
  readonly rate: StartRate | undefined;
  /** The queue is stopped at some point, instead of when all jobs are done. */
  readonly isStopped: boolean;
  readonly isPrompt: boolean;
}

const arbitraryPlan = record<Plan>({
  faults: record({
    outages: integer({ min: 0, max: 2 }),
    lost: array(integer({ min: 1, max: 6 }), { maxLength: 2 }),
    deletions: integer({ min: 0, max: 0 }),
  }),
  jobs: integer({ min: 1, max: 8 }),
  concurrency: integer({ min: 1, max: 3 }),
  rate: option(record({ starts: integer({ min: 1, max: 3 }), perMs: integer({ min: 1_000, max: 5_000 }) }), {
    nil: undefined,
  }),
  isStopped: boolean(),
  isPrompt: boolean(),
});

const ACK_WAIT_MS = 10_000;

/** What the handlers of a queue did. */
class Work {
  readonly #schedule: Schedule;
  readonly starts: number[] = [];
  readonly runs = new Map<string, number>();
  readonly #running = new Set<string>();
  mostRunning = 0;
  /** Whether two handlers had the same job at a time. */
  isDoubled = false;
  #done = 0;
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  readonly onDelivery = async (delivery: Delivery): Promise<void> => {
    const { jobId } = delivery;
    this.starts.push(performance.now());
    this.isDoubled ||= this.#running.has(jobId);
    await this.#schedule.point('a claim is stored');
    if (!(await delivery.acquireSlot())) return delivery.nak();
    this.#running.add(jobId);
    this.mostRunning = Math.max(this.mostRunning, this.#running.size);
    await this.#schedule.point('a handler ends');
    this.#running.delete(jobId);
    delivery.releaseSlot();
    this.runs.set(jobId, (this.runs.get(jobId) ?? 0) + 1);
    await this.#schedule.point('an outcome is stored');
    delivery.ack();
    this.#done++;
    for (const { count, resolve } of this.#waiting) if (this.#done >= count) resolve();
  };

  isDone(jobs: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ count: jobs, resolve }));
  }
}

function serverWith(schedule: Schedule, { faults, jobs }: Plan): ScheduledConsumers {
  const server = new ScheduledConsumers(schedule, faults, ACK_WAIT_MS);
  for (const { config, source } of workConsumers({ jobType: 'email' }))
    server.addDurable(config.durable_name, { isEmpty: source !== 'created' });
  for (let count = 0; count < jobs; count++) {
    const { subject, text, filter } = jobAppendRequest(new JobScript({ jobType: 'email' }).create());
    const compared = filter === subject ? {} : { [EXPECTED_FILTER]: filter };
    server.append({ subject, text, headers: { [EXPECTED_SEQUENCE]: '0', ...compared } });
  }
  return server;
}

/** No more starts than the rate allows, in whichever period; a start is noted a moment after it was admitted. */
function isWithinRate(starts: readonly number[], rate: StartRate | undefined): boolean {
  return (
    rate === undefined ||
    starts.every(
      (at) =>
        starts.filter((other) => other >= at && other < at + rate.perMs - CLOCK_INACCURACY_MS).length <= rate.starts,
    )
  );
}

async function work(schedule: Schedule, plan: Plan): Promise<void> {
  schedule.isPrompt = plan.isPrompt;
  const server = serverWith(schedule, plan);
  const handlers = new Work(schedule);
  const { concurrency, rate } = plan;
  const options = { jobType: 'email', concurrency, rate, ackWaitMs: ACK_WAIT_MS, clock: { reached: () => Date.now() } };
  const queue = new JobQueue(server.connection, { ...options, onDelivery: handlers.onDelivery }, silentSink);
  queue.start();
  await schedule.until(plan.isStopped ? schedule.point('stopped') : handlers.isDone(plan.jobs));
  await schedule.until(Promise.all([queue.stop(), server.healed]));
  server.stop();
  await schedule.untilNothingIsLeft();
  expect(server.open).toBe(0);
  expect([handlers.isDoubled, isWithinRate(handlers.starts, rate)]).toEqual([false, true]);
  expect(handlers.mostRunning).toBeLessThanOrEqual(concurrency);
  const isQuiet = plan.isPrompt && plan.faults.outages === 0 && plan.faults.lost.length === 0;
  expect(isQuiet ? Math.max(0, ...handlers.runs.values()) : 1).toBeLessThanOrEqual(1);
}

test('jobs are handed over once at a time within the limits, redelivered only after a loss, and all ends with a stop', async () => {
  await expect(checkSchedules(arbitraryPlan, work)).resolves.toBeUndefined();
});
