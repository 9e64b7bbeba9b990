import { ConcurrentAppendError, type Delivery } from '@jobstream/eventlog';
import { expect, test } from 'vitest';
import { testJob } from '../../testing/testContext.ts';
import { silentLogger } from '../handler/logger.ts';
import type { AttemptContext } from './attemptContext.ts';
import { settlementAfterError } from './settlement.ts';

const delivery = { ...testJob(), jobId: testJob().id, jobType: 'order', causationId: 'm1' } as unknown as Delivery;
const overtaken = new ConcurrentAppendError('job', 1);

test.each(['scheduled', 'retrying'] as const)(
  'an overtaken attempt sets the timer of a job that is %s before it takes its message away',
  async (status) => {
    const wakes: unknown[] = [];
    const runAt = '2026-01-01T00:00:05.000Z';
    const eventLog = {
      readJob: () => Promise.resolve({ job: testJob({ status, runAt }), sequence: 3, dispatches: [1] }),
      scheduleWake: (wake: unknown) => Promise.resolve(void wakes.push(wake)),
    };
    const context = { eventLog, logger: silentLogger, closing: new AbortController().signal };
    const settlement = await settlementAfterError(overtaken, delivery, context as unknown as AttemptContext);
    expect(settlement).toEqual({ kind: 'ack' });
    expect(wakes).toEqual([{ jobId: testJob().id, jobType: 'order', at: runAt }]);
  },
);
