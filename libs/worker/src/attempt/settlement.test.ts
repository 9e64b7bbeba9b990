import { ConcurrentAppendError, type Delivery, LogUnavailableError } from '@jobstream/eventlog';
import { expect, test } from 'vitest';
import { testJob } from '../../testing/testContext.ts';
import { silentLogger } from '../handler/logger.ts';
import type { AttemptContext } from './attemptContext.ts';
import { systemClock } from './chain/clock.ts';
import { settlementAfterError } from './settlement.ts';

const delivery = { ...testJob(), jobId: testJob().id, jobType: 'order', causationId: 'm1' } as unknown as Delivery;
const overtaken = new ConcurrentAppendError('job', 1);

test.each([
  { status: 'pending' },
  { status: 'processing', startedBy: 'm1#2' },
  { status: 'processing', startedBy: 'm2' },
] as const)(
  'an overtaken attempt does not take the message away that the worker after it holds or has handed back: %o',
  async (found) => {
    const eventLog = { readJob: () => Promise.resolve({ job: testJob(found), sequence: 4, dispatches: [1] }) };
    const context = { eventLog, logger: silentLogger } as unknown as AttemptContext;
    expect(await settlementAfterError(overtaken, delivery, context)).toEqual({ kind: 'leave' });
  },
);

test.each(['scheduled', 'retrying', 'waiting'] as const)(
  'an overtaken attempt sets the timer of a job that is %s before it takes its message away',
  async (status) => {
    const wakes: unknown[] = [];
    const runAt = '2026-01-01T00:00:05.000Z';
    const eventLog = {
      readJob: () => Promise.resolve({ job: testJob({ status, runAt }), sequence: 3, dispatches: [1] }),
      scheduleWake: (wake: unknown) => Promise.resolve(void wakes.push(wake)),
    };
    const clock = systemClock({ now: () => Date.parse('2026-01-01T00:00:04.000Z') });
    const context = { eventLog, clock, logger: silentLogger, closing: new AbortController().signal };
    const settlement = await settlementAfterError(overtaken, delivery, context as unknown as AttemptContext);
    expect(settlement).toEqual({ kind: 'ack' });
    expect(wakes).toEqual([{ jobId: testJob().id, jobType: 'order', at: runAt }]);
  },
);

test('an overtaken attempt leaves its message where the worker closes before the timer could be set', async () => {
  const job = testJob({ status: 'waiting', runAt: '2026-01-01T00:00:05.000Z' });
  const eventLog = {
    readJob: () => Promise.resolve({ job, sequence: 3, dispatches: [1] }),
    scheduleWake: () => Promise.reject(new LogUnavailableError('no answer')),
  };
  const clock = systemClock({ now: () => Date.parse('2026-01-01T00:00:04.000Z') });
  const context = { eventLog, clock, logger: silentLogger, closing: AbortSignal.abort() };
  const settlement = await settlementAfterError(overtaken, delivery, context as unknown as AttemptContext);
  expect(settlement).toEqual({ kind: 'leave' });
});
