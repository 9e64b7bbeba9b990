import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';
import { JOB_TYPE } from '../testbed/kitWriter.ts';
import { namesOf } from '../testbed/testbed.ts';

const DELAY_MS = 1_500;

/** Delays and retries, which a timer ends. */
export const timerScenarios: readonly Scenario[] = [
  {
    name: 'retry',
    title: 'lets a timer wake a failed job for its next attempt, after the backoff',
    async run(testbed) {
      await testbed.startWorker();
      const backoff = { type: 'exponential', delayMs: DELAY_MS, maxDelayMs: 60_000, jitter: 0.5 } as const;
      const jobId = await testbed.createJob({ do: 'fail', times: 1 }, { backoff });
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCreated JobStarted JobRetryScheduled JobStarted JobCompleted');
      const [, , retried, second] = events;
      assert.ok(retried?.event === 'JobRetryScheduled' && second?.event === 'JobStarted');
      assert.match(retried.data.error.message, /told to fail/, 'the error is what the handler threw');
      const delay = Date.parse(retried.data.retryAt) - Date.parse(retried.at);
      assert.ok(delay >= DELAY_MS / 2 - 1 && delay <= DELAY_MS, `half of ${DELAY_MS} to ${DELAY_MS} ms, not ${delay}`);
      assert.equal(second.data.attempt, 2);
      assert.match(second.causationId ?? '', /^timer:\d+(#\d+)?$/, 'a timer is the cause of the second attempt');
      assert.ok(Date.parse(second.at) >= Date.parse(retried.data.retryAt), 'not before it is due');
      const heard = testbed.heardOf(jobId).slice(0, 4);
      assert.deepEqual(heard, ['JobStarted', 'JobRetryScheduled', 'timer', '+ACK'], 'event, timer, acknowledgement');
    },
  },
  {
    name: 'delayed',
    title: 'parks a delayed job until a timer says that it is due',
    async run(testbed) {
      await testbed.startWorker();
      const runAt = new Date(Date.now() + 3_000).toISOString();
      const jobId = await testbed.createJob({ do: 'succeed' }, { runAt });
      const [, started, completed] = await testbed.reaches(jobId, 'completed');
      assert.ok(started?.event === 'JobStarted' && completed?.event === 'JobCompleted');
      assert.equal(started.data.attempt, 1);
      assert.match(started.causationId ?? '', /^timer:\d+/, 'a timer is the cause of the attempt');
      assert.ok(Date.parse(started.at) >= Date.parse(runAt), 'not before it is due');
      assert.deepEqual(
        testbed.heardOf(jobId).slice(0, 2),
        ['timer', '+ACK'],
        'the timer is set before the acknowledgement',
      );
    },
  },
  {
    name: 'parked-retry',
    title: 'sets the timer again when a worker died between a retry and its timer',
    async run(testbed) {
      await (await testbed.startWorker()).terminate(); // the consumers are there now
      const jobId = await testbed.createJob({ do: 'succeed' }, { backoff: { type: 'fixed', delayMs: 100 } });
      const causationId = await testbed.takeMessage(); // and never answer it
      await testbed.record(jobId, { kind: 'StartAttempt', worker: 'another', causationId });
      const error = { name: 'Error', message: 'of the other' };
      const failed = { kind: 'FailAttempt', attempt: 1, error, cause: 'error', random: 0, durationMs: 1 } as const;
      await testbed.record(jobId, { ...failed, causationId });
      await testbed.startWorker();
      const started = (await testbed.reaches(jobId, 'completed')).findLast(({ event }) => event === 'JobStarted');
      assert.ok(started?.event === 'JobStarted');
      assert.equal(started.data.attempt, 2);
      assert.match(
        started.causationId ?? '',
        /^timer:/,
        'the timer starts the attempt, not the message that came again',
      );
    },
  },
  {
    name: 'late-creation',
    title: 'keeps the timer of a retry, although it gets the creation of the job only now, with a later due time',
    async run(testbed) {
      const runAt = new Date(Date.now() + 3_600_000).toISOString();
      const backoff = { type: 'fixed', delayMs: 1_000 } as const;
      const jobId = await testbed.createJob({ do: 'succeed' }, { runAt, backoff });
      await testbed.record(jobId, { kind: 'RunJobNow' });
      const causationId = 'timer:1';
      await testbed.record(jobId, { kind: 'StartAttempt', worker: 'another', causationId });
      const error = { name: 'Error', message: 'of the other' };
      const failed = { kind: 'FailAttempt', attempt: 1, error, cause: 'error', random: 0, durationMs: 1 } as const;
      await testbed.record(jobId, { ...failed, causationId });
      await testbed.startWorker();
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(
        namesOf(events),
        'JobCreated JobDueNow JobStarted JobRetryScheduled JobStarted JobCompleted',
        'it is retried when the retry is due',
      );
    },
  },
  {
    name: 'timer-redelivery',
    title: 'starts an attempt on the timer of its wait, although the worker that got it first has died',
    async run(testbed) {
      const first = await testbed.startWorker();
      const runAt = new Date(Date.now() + 3_000).toISOString();
      const jobId = await testbed.createJob({ do: 'succeed' }, { runAt });
      await testbed.eventually(async () => assert.deepEqual(testbed.heardOf(jobId), ['timer', '+ACK']));
      await first.terminate();
      await testbed.takeTimer(); // and never answer it
      await testbed.startWorker();
      const [, started] = await testbed.reaches(jobId, 'completed');
      assert.match(started?.causationId ?? '', /^timer:\d+#[2-9]$/, 'the timer that came again is the cause');
    },
  },
  {
    name: 'duplicate-timer',
    title: 'leaves a running job alone when a timer for it comes late or twice',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'sleep', ms: 5_000 });
      await testbed.reaches(jobId, 'processing');
      const wake = JSON.stringify({ jobId, jobType: JOB_TYPE, at: new Date().toISOString() });
      await testbed.writer.publish(`timers.due.${JOB_TYPE}`, wake);
      assert.equal((await testbed.reaches(jobId, 'completed')).length, 3, 'the job runs once');
      await testbed.writer.publish(`timers.due.${JOB_TYPE}`, wake);
      const unknown = JSON.stringify({ jobId: crypto.randomUUID(), jobType: JOB_TYPE, at: new Date().toISOString() });
      await testbed.writer.publish(`timers.due.${JOB_TYPE}`, unknown);
      await testbed.untilIdle();
      assert.equal((await testbed.events(jobId)).length, 3, 'a timer for a completed job does nothing');
    },
  },
];
