import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';
import { namesOf } from '../testbed/testbed.ts';

/** Another writer changes, cancels or takes over a job while a worker runs it. */
export const takeoverScenarios: readonly Scenario[] = [
  {
    name: 'heartbeat',
    title: 'keeps a job that runs longer than the wait for the acknowledgement',
    async run(testbed) {
      await testbed.startWorker({ ackWaitMs: 2_000 });
      await testbed.startWorker({ ackWaitMs: 2_000 });
      const jobId = await testbed.createJob({ do: 'sleep', ms: 7_000 });
      assert.equal((await testbed.reaches(jobId, 'completed')).length, 3, 'it runs once');
    },
  },
  {
    name: 'redelivery',
    title: 'goes on with the next attempt when the worker of a job was killed',
    async run(testbed) {
      const first = await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'sleep', ms: 4_000 });
      await testbed.reaches(jobId, 'processing');
      await first.kill();
      await testbed.startWorker();
      const [created, one, two, completed] = await testbed.reaches(jobId, 'completed');
      assert.ok(created && one?.event === 'JobStarted' && two?.event === 'JobStarted', 'it starts twice');
      assert.deepEqual([one.data.attempt, two.data.attempt], [1, 2], 'the attempts');
      assert.notEqual(two.data.worker, one.data.worker, 'each start of a worker has a name of its own');
      assert.match(two.causationId ?? '', new RegExp(`^${created.id}#[2-9]$`), 'the cause names the delivery');
      assert.equal(completed?.event, 'JobCompleted');
    },
  },
  {
    name: 'worker-lost',
    title: 'fails a job whose last attempt was lost with its worker',
    async run(testbed) {
      const first = await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'sleep', ms: 60_000 }, { maxAttempts: 1 });
      await testbed.reaches(jobId, 'processing');
      await first.kill();
      await testbed.startWorker();
      await testbed.failsWith(jobId, 1, 'worker-lost');
    },
  },
  {
    name: 'conflict',
    title: 'drops a job that others have moved on, and goes on with the next',
    async run(testbed) {
      const [cancelled, completed] = [
        await testbed.createJob({ do: 'succeed' }),
        await testbed.createJob({ do: 'succeed' }),
      ];
      await testbed.record(cancelled, { kind: 'CancelJob' });
      await testbed.record(completed, { kind: 'StartAttempt', worker: 'another' });
      await testbed.record(completed, {
        kind: 'CompleteAttempt',
        attempt: 1,
        durationMs: 1,
        result: 'of the other',
      });
      await testbed.startWorker();
      const next = await testbed.createJob({ do: 'succeed' });
      await testbed.reaches(next, 'completed');
      await testbed.untilIdle();
      assert.equal((await testbed.events(cancelled)).length, 2, 'nothing is appended to the cancelled job');
      assert.equal((await testbed.events(completed)).length, 3, 'nothing is appended to the completed job');
    },
  },
  {
    name: 'overtaken',
    title: 'drops its result when it stood still so long that another worker took the job over',
    async run(testbed) {
      const frozen = await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'sleep', ms: 4_000 });
      await testbed.reaches(jobId, 'processing');
      frozen.freeze();
      const other = await testbed.startWorker();
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(events.filter(({ event }) => event === 'JobStarted').length, 2, 'the other worker starts attempt 2');
      await other.terminate();
      frozen.thaw();
      const next = await testbed.createJob({ do: 'succeed' });
      await testbed.reaches(next, 'completed');
      await testbed.untilIdle();
      assert.equal((await testbed.events(jobId)).length, events.length, 'the one that came back appends nothing');
    },
  },
  {
    name: 'overtaken-release',
    title: 'does not take the message of a job away that the worker which took it over has handed back',
    async run(testbed) {
      await testbed.startWorker({ ackWaitMs: 2_000 });
      const jobId = await testbed.createJob({ do: 'sleep', ms: 3_000 });
      await testbed.reaches(jobId, 'processing');
      await testbed.record(jobId, { kind: 'TakeOverAttempt', attempt: 1, worker: 'another' });
      await testbed.record(jobId, { kind: 'ReleaseAttempt', attempt: 2, reason: 'the other stops' });
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCreated JobStarted JobStarted JobReleased JobStarted JobCompleted');
    },
  },
  {
    name: 'overtaken-retry',
    title: 'sets the timer of a job that the worker which took it over has left to it',
    async run(testbed) {
      await testbed.startWorker({ ackWaitMs: 2_000 });
      const backoff = { type: 'fixed', delayMs: 100 } as const;
      const jobId = await testbed.createJob({ do: 'sleep', ms: 3_000 }, { backoff });
      await testbed.reaches(jobId, 'processing');
      await testbed.record(jobId, { kind: 'TakeOverAttempt', attempt: 1, worker: 'another' });
      const error = { name: 'Error', message: 'of the other' };
      const failed = { kind: 'FailAttempt', attempt: 2, cause: 'error', error, random: 0, durationMs: 1 } as const;
      await testbed.record(jobId, failed); // and it dies before it sets the timer
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCreated JobStarted JobStarted JobRetryScheduled JobStarted JobCompleted');
    },
  },
  {
    name: 'lost-lease',
    title:
      'has a timer look again at a job that another message started, and takes it over when its attempt must be over',
    async run(testbed) {
      const another = { kind: 'StartAttempt', worker: 'another', causationId: 'timer:77' } as const;
      const running = await testbed.createJob({ do: 'succeed' });
      await testbed.record(running, another);
      const longAgo = new Date(Date.now() - 65_000).toISOString();
      const lost = await testbed.createJob({ do: 'succeed' }, { createdAt: longAgo, timeoutMs: 1_000 });
      await testbed.record(lost, another, longAgo);
      await testbed.startWorker();
      await testbed.untilIdle();
      const heard = testbed.heardOf(running).slice(1); // behind the JobStarted of the other
      assert.deepEqual(heard, ['timer', '+ACK'], 'a timer is set before the acknowledgement');
      const events = await testbed.reaches(lost, 'completed');
      assert.equal(namesOf(events), 'JobCreated JobStarted JobStarted JobCompleted');
      assert.match(events[2]?.causationId ?? '', /^timer:/, 'a timer is the cause');
      assert.equal((await testbed.events(running)).length, 2, 'nothing is appended to a job that may run');
    },
  },
  {
    name: 'cancel',
    title: 'stops the handler of a cancelled job and appends nothing more',
    async run(testbed) {
      await testbed.startWorker({ concurrency: 1 });
      const jobId = await testbed.createJob({ do: 'sleep', ms: 600_000 });
      await testbed.reaches(jobId, 'processing');
      await testbed.record(jobId, { kind: 'CancelJob' });
      // With a concurrency of one, the next job can only run when the handler of the first has ended.
      await testbed.reaches(await testbed.createJob({ do: 'succeed' }), 'completed');
      await testbed.untilIdle();
      assert.equal((await testbed.events(jobId)).length, 3, 'nothing follows on the cancel');
    },
  },
  {
    name: 'cancel-hint',
    title: 'does not believe a cancel that the log has refused',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'sleep', ms: 4_000 });
      await testbed.reaches(jobId, 'processing');
      const filter = `jobs.conformance.${jobId}.>`;
      const refused = testbed.writer.publish(`jobs.conformance.${jobId}.cancelled`, '{}', { expected: 1_000, filter });
      await assert.rejects(refused, /wrong last sequence/);
      assert.equal((await testbed.reaches(jobId, 'completed')).length, 3, 'the job runs once, to its end');
    },
  },
];
