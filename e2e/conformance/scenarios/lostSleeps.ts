import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';
import { namesOf, type Testbed } from '../testbed/testbed.ts';
import { callByTimer, carry } from './carried.ts';
import { BY_TIMER, CHARGE, HOUR_MS, inMs, NAP, NAP_MS, resumptions, SEND, suspensions } from './sleeps.ts';
import { resultOf } from './steps.ts';

/** A worker dies before, within or behind a sleep, or others append to a job while it waits. */
export const lostSleepScenarios: readonly Scenario[] = [
  {
    name: 'sleep-cancelled',
    title: 'starts nothing when the timer of a job calls that was cancelled while it waited',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'steps', steps: [{ name: 'nap', sleepMs: HOUR_MS }] });
      await testbed.reaches(jobId, 'waiting');
      await testbed.record(jobId, { kind: 'CancelJob' });
      await callByTimer(testbed, jobId);
      await testbed.untilIdle();
      const names = 'JobCreated JobStarted JobStepsRecorded JobSuspended JobCancelled';
      assert.equal(namesOf(await testbed.events(jobId)), names, 'nothing follows on the cancel');
    },
  },
  {
    name: 'sleep-carried',
    title: 'goes on with an attempt of which the log has only a JobCarriedWaiting',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'steps', steps: [CHARGE, { ...NAP, sleepMs: 2 * NAP_MS }, SEND] });
      await testbed.reaches(jobId, 'waiting');
      await carry(testbed, jobId);
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCarriedWaiting JobResumed JobStepsRecorded JobCompleted');
      assert.deepEqual((await resultOf(testbed, jobId)).ran, ['send'], 'it knows the steps');
    },
  },
  {
    name: 'sleep-lost-before',
    title: 'takes an attempt over whose worker died between its timer and JobSuspended, and sleeps for what is left',
    async run(testbed) {
      const until = inMs(3 * NAP_MS);
      const jobId = await sleepsElsewhere(testbed, until);
      await callByTimer(testbed, jobId);
      await testbed.startWorker();
      const events = await testbed.reaches(jobId, 'completed');
      const names = 'JobCreated JobStarted JobStepsRecorded JobStarted JobSuspended JobResumed JobStepsRecorded';
      assert.equal(namesOf(events), `${names} JobCompleted`, 'the next attempt waits');
      assert.equal(suspensions(events)[0]?.data.until, until, 'the sleep is not begun anew');
      assert.equal(resumptions(events)[0]?.data.attempt, 2, 'and goes on');
    },
  },
  {
    name: 'sleep-lost-behind',
    title: 'leaves a job to its timer whose worker died between JobSuspended and its acknowledgement',
    async run(testbed) {
      const until = inMs(500);
      const jobId = await sleepsElsewhere(testbed, until);
      await testbed.record(jobId, { kind: 'SuspendAttempt', attempt: 1, until, ranMs: 1 });
      await testbed.startWorker();
      const events = await testbed.reaches(jobId, 'completed');
      const names = 'JobCreated JobStarted JobStepsRecorded JobSuspended JobResumed JobStepsRecorded JobCompleted';
      assert.equal(namesOf(events), names, 'the attempt goes on');
      const cause = resumptions(events)[0]?.causationId ?? '';
      assert.match(cause, BY_TIMER, 'a timer is the cause, not the message that came again');
    },
  },
  {
    name: 'sleep-resumed-lost',
    title: 'starts the next attempt when the worker was killed that went on with an attempt',
    async run(testbed) {
      const first = await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'steps', steps: [NAP, { ...SEND, ms: 4_000 }] });
      await testbed.eventually(async () => assert.match(namesOf(await testbed.events(jobId)), /JobResumed/));
      await first.kill();
      await testbed.startWorker();
      const events = await testbed.reaches(jobId, 'completed');
      const started = events.findLast(({ event }) => event === 'JobStarted');
      assert.ok(started?.event === 'JobStarted' && started.data.attempt === 2, 'with the next attempt');
      assert.match(started.causationId ?? '', /^timer:\d+#[2-9]$/, 'the timer that came again is the cause');
      assert.equal(suspensions(events).length, 1, 'the sleep is over');
    },
  },
];

/** Returns a job whose worker sleeps until then, and has died: its message comes again. */
async function sleepsElsewhere(testbed: Testbed, until: string): Promise<string> {
  await (await testbed.startWorker()).terminate(); // the consumers are there now
  const jobId = await testbed.createJob({ do: 'steps', steps: [NAP, SEND] });
  const causationId = await testbed.takeMessage(); // and never answer it
  await testbed.record(jobId, { kind: 'StartAttempt', worker: 'another', causationId });
  const steps = [{ name: 'nap', result: until, durationMs: 0 }];
  await testbed.record(jobId, { kind: 'RecordSteps', attempt: 1, steps, causationId });
  return jobId;
}
