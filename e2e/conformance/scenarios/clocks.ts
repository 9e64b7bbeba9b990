import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

/** The clock of the worker differs from that of the server, which alone decides what is due. */
export const clockScenarios: readonly Scenario[] = [
  {
    name: 'clock-ahead',
    title: 'with a clock that is an hour ahead, leaves a job to its timer, and starts it when that has fired',
    async run(testbed) {
      await testbed.startWorker({ clockAheadHours: 1 });
      // Due by the clock of the worker, but not by what the server says.
      const options = { createdAt: inMs(-2 * HOUR_MS), runAt: inMs(-30 * MINUTE_MS) };
      const jobId = await testbed.createJob({ do: 'succeed' }, options);
      const [, started] = await testbed.reaches(jobId, 'completed');
      assert.match(started?.causationId ?? '', /^timer:\d+$/, 'a timer is the cause of the attempt');
      await testbed.untilIdle();
      const heard = testbed.heardOf(jobId);
      assert.deepEqual(heard, ['timer', '+ACK', 'JobStarted', 'JobCompleted'], 'a timer that fired is not set again');
    },
  },
  {
    name: 'clock-behind',
    title: 'with a clock that is an hour behind, starts what is due for the server, and writes the time of the server',
    async run(testbed) {
      await testbed.startWorker({ clockAheadHours: -1 });
      const runAt = inMs(30 * MINUTE_MS);
      const jobId = await testbed.createJob({ do: 'succeed' }, { runAt });
      const [created, started] = await testbed.reaches(jobId, 'completed');
      assert.equal(started?.causationId, created?.id, 'the job is due when it is delivered');
      const ahead = Date.parse(started?.at ?? '') - Date.now() - HOUR_MS;
      assert.ok(Math.abs(ahead) < 5 * MINUTE_MS, `the time of JobStarted is that of the server, not ${started?.at}`);
    },
  },
];
