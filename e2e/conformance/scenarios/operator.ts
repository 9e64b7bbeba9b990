import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';
import { namesOf, type Testbed } from '../testbed/testbed.ts';

const IN_AN_HOUR_MS = 3_600_000;
const SOON_MS = 3_000;

/** What operators ask of a job through the API. */
export const operatorScenarios: readonly Scenario[] = [
  {
    name: 'due-now',
    title: 'runs a delayed job at once when an operator does not want to wait',
    async run(testbed) {
      await testbed.startWorker();
      const runAt = new Date(Date.now() + IN_AN_HOUR_MS).toISOString();
      const jobId = await testbed.createJob({ do: 'succeed' }, { runAt });
      await testbed.untilIdle();
      await runNow(testbed, jobId);
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCreated JobDueNow JobStarted JobCompleted');
      assert.match(events[2]?.causationId ?? '', /^timer:/, 'a timer is the cause');
    },
  },
  {
    name: 'due-now-retry',
    title: 'runs the next attempt of a failed job at once when an operator does not want to wait',
    async run(testbed) {
      await testbed.startWorker();
      const backoff = { type: 'fixed', delayMs: IN_AN_HOUR_MS } as const;
      const jobId = await testbed.createJob({ do: 'fail', times: 1 }, { maxAttempts: 2, backoff });
      await testbed.reaches(jobId, 'retrying');
      await testbed.untilIdle();
      await runNow(testbed, jobId);
      await testbed.reaches(jobId, 'completed');
      assert.deepEqual((await testbed.job(jobId)).result, { attempt: 2 });
    },
  },
  {
    name: 'due-now-unsaid',
    title: 'runs a job that is due now by its older timer, if nothing else calls for it',
    async run(testbed) {
      await testbed.startWorker();
      const runAt = new Date(Date.now() + SOON_MS).toISOString();
      const jobId = await testbed.createJob({ do: 'succeed' }, { runAt });
      await testbed.untilIdle();
      await testbed.record(jobId, { kind: 'RunJobNow' });
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCreated JobDueNow JobStarted JobCompleted');
    },
  },
  {
    name: 'payload-changed',
    title: 'runs a job with the payload that was put in the place of its first one',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'reject' });
      await testbed.reaches(jobId, 'failed');
      await testbed.record(jobId, { kind: 'ChangePayload', payload: { do: 'succeed', result: 'changed' } });
      await testbed.record(jobId, { kind: 'RequeueJob' });
      const events = await testbed.reaches(jobId, 'completed');
      assert.match(namesOf(events), /JobFailed JobPayloadChanged JobRequeued JobStarted JobCompleted$/);
      assert.equal((await testbed.job(jobId)).result, 'changed');
    },
  },
  {
    name: 'revised',
    title: 'runs a job with the payload, and at the time, that a later request under its key has given it',
    async run(testbed) {
      await testbed.startWorker();
      const { replaced, postponed, runAt } = await testbed.whilePaused(() => reviseTwo(testbed));
      const names = 'JobCreated JobRevised JobStarted JobCompleted';
      assert.equal(namesOf(await testbed.reaches(replaced, 'completed')), names);
      assert.equal((await testbed.job(replaced)).result, 'revised');
      const events = await testbed.reaches(postponed, 'completed');
      assert.equal(namesOf(events), names);
      assert.match(events[2]?.causationId ?? '', /^timer:/, 'a timer is the cause');
      assert.ok((events[2]?.at ?? '') >= runAt, 'it waits for the new time');
    },
  },
];

/** Creates two jobs, and gives one another payload and the other one another due time. */
async function reviseTwo(testbed: Testbed) {
  const replaced = await testbed.createJob({ do: 'reject' });
  const postponed = await testbed.createJob({ do: 'succeed' });
  await revise(testbed, replaced, { payload: { do: 'succeed', result: 'revised' } });
  const runAt = new Date(Date.now() + SOON_MS).toISOString();
  await revise(testbed, postponed, { runAt });
  return { replaced, postponed, runAt };
}

/** Appends to a job that has a JobCreated alone, as a later release does for a second request under a unique key. */
async function revise(testbed: Testbed, jobId: string, data: object): Promise<void> {
  const [expected = 0] = testbed.writer.sequencesOf(jobId);
  const subject = `jobs.conformance.${jobId}`;
  const about = { v: 1, id: crypto.randomUUID(), event: 'JobRevised', jobId, jobType: 'conformance', version: 2 };
  const body = { ...about, at: new Date().toISOString(), actor: { kind: 'api', id: 'kit' }, data };
  await testbed.writer.publish(`${subject}.revised`, JSON.stringify(body), { expected, filter: `${subject}.>`, jobId });
}

/** Does what the API does. */
async function runNow(testbed: Testbed, jobId: string): Promise<void> {
  const { at, jobType } = await testbed.record(jobId, { kind: 'RunJobNow' });
  await testbed.writer.publish(`timers.due.${jobType}`, JSON.stringify({ jobId, jobType, at }), { jobId });
}
