import assert from 'node:assert/strict';
import { foldSignals, foldSteps, type Lane } from '@jobstream/domain';
import type { Scenario } from '../scenario.ts';
import { namesOf, type Testbed } from '../testbed/testbed.ts';

/** So long that no message is redelivered meanwhile. */
const LONG_ACK_WAIT_MS = 30_000;

/** Others append to a job while it runs; above all a keeper, which takes the beginning of the log away and writes states down again. */
export const carriedScenarios: readonly Scenario[] = [
  {
    name: 'carried',
    title: 'goes on with an attempt whose job is carried meanwhile, more than once',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'sleep', ms: 5_000 }, { maxAttempts: 1 });
      await testbed.reaches(jobId, 'processing');
      for (let age = 0; age < 2; age++) await carry(testbed, jobId);
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCarried JobCompleted', 'it runs once');
      assert.deepEqual((await testbed.job(jobId)).result, { sleptMs: 5_000 }, 'the result is its own');
    },
  },
  {
    name: 'foreign-event',
    title: 'goes on with an attempt behind an event of another writer that leaves it as it is',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'sleep', ms: 1_000 }, { maxAttempts: 1 });
      await testbed.reaches(jobId, 'processing');
      await testbed.record(jobId, { kind: 'ReportProgress', attempt: 1, percent: 50 });
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCreated JobStarted JobProgressed JobCompleted', 'it runs once');
    },
  },
  {
    name: 'carried-call',
    title: 'starts a carried job on the call of its timer, and not on its JobCreated or JobRequeued',
    async run(testbed) {
      const jobId = await testbed.createJob({ do: 'succeed' });
      await testbed.record(jobId, { kind: 'CarryJob', keepsCause: false });
      await testbed.startWorker();
      await testbed.untilIdle();
      assert.equal(namesOf(await testbed.events(jobId)), 'JobCreated JobCarried', 'a timer is the cause of its start');
      await callByTimer(testbed, jobId);
      const started = (await testbed.reaches(jobId, 'completed'))[2];
      assert.match(started?.causationId ?? '', /^timer:/, 'a timer is the cause');
    },
  },
  {
    name: 'carried-lost',
    title: 'takes over a job of which the log has only a JobCarried without a cause, when its timer comes',
    async run(testbed) {
      const first = await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'sleep', ms: 5_000 }, { maxAttempts: 2 });
      await testbed.reaches(jobId, 'processing');
      await first.kill();
      await carry(testbed, jobId);
      await testbed.startWorker();
      await callByTimer(testbed, jobId);
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCarried JobStarted JobCompleted');
      assert.ok(events[1]?.event === 'JobStarted' && events[1].data.attempt === 2, 'with the next attempt');
    },
  },
  {
    name: 'carried-release',
    title: 'sets a timer for a job that it hands back, if it was carried meanwhile',
    async run(testbed) {
      const first = await testbed.startWorker({ shutdownGraceMs: 500, ackWaitMs: LONG_ACK_WAIT_MS });
      const jobId = await testbed.createJob({ do: 'sleep', ms: 8_000 }, { maxAttempts: 1 });
      await testbed.reaches(jobId, 'processing');
      await carry(testbed, jobId);
      await first.terminate();
      await testbed.startWorker({ ackWaitMs: LONG_ACK_WAIT_MS });
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCarried JobReleased JobStarted JobCompleted');
    },
  },
];

/** Does what the keeper does: the log has nothing of the job but its JobCarried. */
export async function carry(testbed: Testbed, jobId: string): Promise<void> {
  const events = await testbed.events(jobId);
  const entries = { steps: foldSteps(events), signals: foldSignals(events) };
  await testbed.record(jobId, { kind: 'CarryJob', keepsCause: false, ...entries });
  const [sequence = 0] = testbed.writer.sequencesOf(jobId).slice(-1);
  const answer = await testbed.connection.request('$JS.API.STREAM.PURGE.JOBS', JSON.stringify({ seq: sequence }), {
    timeout: 60_000,
  });
  assert.equal(answer.json<{ success?: boolean }>().success, true, 'the beginning of the log is purged');
}

/** Does what the timer of a job does: one of a priority fires on a subject of its own. */
export async function callByTimer(testbed: Testbed, jobId: string, way: Lane | 'due' = 'due'): Promise<void> {
  const wake = { jobId, jobType: 'conformance', at: new Date().toISOString() };
  await testbed.writer.publish(`timers.${way}.conformance`, JSON.stringify(wake), { jobId });
}
