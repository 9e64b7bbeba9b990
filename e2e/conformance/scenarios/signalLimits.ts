import assert from 'node:assert/strict';
import type { JobEvent } from '@jobstream/domain';
import type { Scenario } from '../scenario.ts';
import { namesOf } from '../testbed/testbed.ts';
import { ADA, APPROVAL, outcomes } from './signals.ts';
import { BY_TIMER, CHARGE, HOUR_MS, NAP_MS, resumptions, suspensions } from './sleeps.ts';
import { resultOf } from './steps.ts';

const BACKOFF = { type: 'fixed', delayMs: 50 } as const;

/** A handler waits for a signal for some time at most. */
export const signalLimitScenarios: readonly Scenario[] = [
  {
    name: 'signal-timeout',
    title: 'waits until a time limit is over where no signal comes, and not again in the next attempt',
    async run(testbed) {
      await testbed.startWorker();
      const steps = [{ ...APPROVAL, timeoutMs: NAP_MS }];
      const jobId = await testbed.createJob({ do: 'steps', steps, fail: 1 }, { backoff: BACKOFF });
      const events = await testbed.reaches(jobId, 'completed');
      const first = 'JobCreated JobStarted JobStepsRecorded JobSuspended JobResumed JobStepsRecorded JobRetryScheduled';
      assert.equal(namesOf(events), `${first} JobStarted JobCompleted`, 'it waits once');
      checkLimit(events);
      assert.deepEqual((await resultOf(testbed, jobId)).results, [null]);
    },
  },
  {
    name: 'signal-beside',
    title:
      'reads a signal that came within the time limit of its wait, also where a step beside it lasts longer than that',
    async run(testbed) {
      await testbed.startWorker();
      const steps = [
        { ...CHARGE, ms: 3 * NAP_MS },
        { ...APPROVAL, timeoutMs: NAP_MS },
      ];
      const jobId = await testbed.createJob({ do: 'steps', steps, together: true }, { maxAttempts: 1 });
      await testbed.eventually(async () => assert.match(namesOf(await testbed.events(jobId)), /JobStepsRecorded/));
      const id = await testbed.signal(jobId, 'approved', ADA);
      const events = await testbed.reaches(jobId, 'completed');
      const names =
        'JobCreated JobStarted JobStepsRecorded JobSignalled JobStepsRecorded JobStepsRecorded JobCompleted';
      assert.equal(namesOf(events), names, 'one run does all of it');
      assert.deepEqual(outcomes(events)[1]?.signal, { id, name: 'approved' }, 'it is read when the time limit is over');
      assert.deepEqual((await resultOf(testbed, jobId)).results[1], ADA);
    },
  },
  {
    name: 'signal-in-time',
    title: 'goes on with a wait that has a time limit when its signal comes, and not when another comes',
    async run(testbed) {
      await testbed.startWorker();
      const steps = [{ ...APPROVAL, timeoutMs: HOUR_MS }];
      const jobId = await testbed.createJob({ do: 'steps', steps });
      const [, , limited] = await testbed.reaches(jobId, 'waiting');
      await testbed.untilIdle();
      await testbed.signal(jobId, 'note', 'read this first'); // for another wait
      await testbed.untilIdle();
      await testbed.signal(jobId, 'approved', ADA);
      const events = await testbed.reaches(jobId, 'completed');
      const names = 'JobCreated JobStarted JobStepsRecorded JobSuspended JobSignalled JobSignalled JobResumed';
      assert.equal(namesOf(events), `${names} JobStepsRecorded JobCompleted`, 'another signal leaves it waiting');
      assert.ok(limited?.event === 'JobStepsRecorded' && limited.data.steps[0]?.waitsUntil !== undefined);
      assert.deepEqual((await resultOf(testbed, jobId)).results, [ADA]);
    },
  },
];

/** What is said of a wait whose time limit passes. */
function checkLimit(events: readonly JobEvent[]): void {
  const [begun, over] = outcomes(events);
  const [suspended, resumed] = [suspensions(events)[0], resumptions(events)[0]];
  assert.ok(begun?.waitsUntil !== undefined && suspended !== undefined && resumed !== undefined);
  assert.equal(Date.parse(suspended.data.until), Date.parse(begun.waitsUntil), 'until the end of the limit');
  assert.ok(Date.parse(resumed.at) >= Date.parse(begun.waitsUntil), 'not before it is over');
  assert.match(resumed.causationId ?? '', BY_TIMER, 'a timer is the cause');
  assert.deepEqual(over, { name: 'approval', durationMs: 0 }, 'the end of the limit is recorded');
}
