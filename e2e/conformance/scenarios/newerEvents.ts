import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';
import { namesOf, type Testbed } from '../testbed/testbed.ts';

/** Releases are upgraded one process after the other, and anybody can write what looks like an event of a newer one. */
export const newerEventScenarios: readonly Scenario[] = [
  {
    name: 'newer-event',
    title: 'leaves an event of a newer schema version to newer workers',
    leavesMessage: true,
    async run(testbed) {
      const jobId = crypto.randomUUID();
      const body = JSON.stringify({
        v: 2,
        event: 'JobCreated',
        id: crypto.randomUUID(),
        jobId,
        jobType: 'conformance',
        version: 1,
      });
      const first = { expected: 0, filter: `jobs.conformance.${jobId}.>` };
      const sequence = await testbed.writer.publish(`jobs.conformance.${jobId}.created`, body, first);
      await testbed.startWorker();
      await testbed.reaches(await testbed.createJob({ do: 'succeed' }), 'completed');
      await testbed.eventually(async () =>
        assert.ok(testbed.tap.answers('JOBS', sequence).length > 0, 'it is answered'),
      );
      for (const answer of testbed.tap.answers('JOBS', sequence)) {
        assert.ok(
          ['-NAK', '+WPI'].includes(answer),
          `it should be handed back for later, but the answer was ${answer}`,
        );
      }
      assert.equal((await testbed.log()).length, 4, 'nothing is appended to it');
    },
  },
  {
    name: 'newer-event-of-job',
    title: 'leaves a job with an event of a newer release to newer workers, and runs it once that event is discarded',
    async run(testbed) {
      const waiting = await testbed.createJob({ do: 'succeed' });
      const delayed = await testbed.createJob({ do: 'succeed' }, { runAt: inMs(1_000) });
      const versions = [1, 2] as const;
      for (const [index, jobId] of [waiting, delayed].entries()) await notice(testbed, jobId, { v: versions[index] });
      await testbed.startWorker();
      const later = await testbed.createJob({ do: 'succeed' }, { runAt: inMs(3_000) });
      await testbed.reaches(later, 'completed');
      for (const jobId of [waiting, delayed]) {
        assert.equal(namesOf(await testbed.events(jobId)), 'JobCreated', 'it is not run');
        await discard(testbed, jobId);
        const events = await testbed.reaches(jobId, 'completed');
        assert.equal(namesOf(events), 'JobCreated JobCancelled JobRequeued JobStarted JobCompleted');
      }
    },
  },
  {
    name: 'newer-event-of-attempt',
    title: 'appends nothing more for an attempt behind an event of a newer release, which may have ended it',
    leavesMessage: true,
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'sleep', ms: 1_000 });
      await testbed.reaches(jobId, 'processing');
      await notice(testbed, jobId, { v: 2 });
      await testbed.reaches(await testbed.createJob({ do: 'sleep', ms: 3_000 }), 'completed');
      assert.equal(namesOf(await testbed.events(jobId)), 'JobCreated JobStarted');
    },
  },
  {
    name: 'newer-first-event',
    title: 'does not take a job that a newer release has begun in its own way for one that does not exist',
    async run(testbed) {
      const jobId = crypto.randomUUID();
      await notice(testbed, jobId, { expect: { expected: 0, filter: `jobs.*.${jobId}.>` } });
      const wake = { jobId, jobType: 'conformance', at: new Date().toISOString() };
      await testbed.writer.publish('timers.due.conformance', JSON.stringify(wake));
      await testbed.startWorker();
      await testbed.eventually(async () =>
        assert.ok(testbed.tap.about(jobId, []).includes('timer'), 'a timer offers it to newer workers'),
      );
      assert.equal(namesOf(await testbed.events(jobId)), '', 'nothing is appended to it');
    },
  },
  {
    name: 'newer-junk',
    title: 'takes what only looks like an event of a newer release for no event',
    async run(testbed) {
      const other = await testbed.createJob({ do: 'succeed' }, { runAt: inMs(600_000) });
      const jobId = await testbed.createJob({ do: 'sleep', ms: 3_000 }, { maxAttempts: 1 });
      for (const v of [1, 2]) await notice(testbed, jobId, { v, expect: {} });
      await testbed.startWorker();
      await testbed.reaches(jobId, 'processing');
      const foreign = { expected: testbed.writer.sequencesOf(other)[0] ?? 0, filter: `jobs.conformance.${other}.>` };
      for (const v of [1, 2]) await notice(testbed, jobId, { v, expect: foreign });
      const created = await testbed.writer.publish(`jobs.conformance.${crypto.randomUUID()}.created`, '{"v":2}');
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCreated JobStarted JobCompleted', 'it runs once');
      await testbed.eventually(async () => assert.deepEqual(testbed.tap.answers('JOBS', created), ['+TERM']));
    },
  },
];

function inMs(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}

interface Notice {
  readonly v?: number | undefined;
  /** The default is that the event follows the job's last message. */
  readonly expect?: { readonly expected?: number; readonly filter?: string };
}

/** Appends an event that no worker knows, as a newer release would. */
async function notice(testbed: Testbed, jobId: string, { v = 1, expect }: Notice): Promise<void> {
  const messages = (await testbed.log()).filter(({ subject }) => subject.split('.')[2] === jobId);
  const version = (messages.findLast(({ event }) => event !== undefined)?.event?.version ?? 0) + 1;
  const body = { v, id: crypto.randomUUID(), event: 'JobNoticed', jobId, jobType: 'conformance', version };
  const whole = { ...body, at: new Date().toISOString(), actor: { kind: 'api', id: 'kit' }, data: { attempt: 'none' } };
  const follows = { expected: messages.at(-1)?.sequence ?? 0, filter: `jobs.conformance.${jobId}.>` };
  await testbed.writer.publish(`jobs.conformance.${jobId}.noticed`, JSON.stringify(whole), expect ?? follows);
}

/** Cancels and requeues a job, as an operator does who does not wait for a newer release. */
async function discard(testbed: Testbed, jobId: string): Promise<void> {
  await testbed.record(jobId, { kind: 'CancelJob' });
  await testbed.record(jobId, { kind: 'RequeueJob', discardUnreadable: true });
}
