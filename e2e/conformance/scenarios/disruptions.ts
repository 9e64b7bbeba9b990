import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';
import { namesOf, type Testbed } from '../testbed/testbed.ts';

/** So long that the second worker can only get the message because the first has handed it back. */
const LONG_ACK_WAIT_MS = 300_000;

/** A message that a program which does not keep to the protocol stores on a job's subjects. */
interface Junk {
  readonly token: string;
  readonly body: string;
  /** None: the server checks nothing. */
  readonly expect?: { readonly expected: number; readonly filter: string };
}

/** Junk of every kind for a running job; `other` is a completed one. */
async function junkFor(testbed: Testbed, jobId: string, other: string): Promise<readonly Junk[]> {
  const log = await testbed.log();
  const [created, started] = log.filter(({ subject }) => subject.split('.')[2] === jobId);
  const theirs = log.findLast(({ subject }) => subject.split('.')[2] === other);
  assert.ok(created && started && theirs);
  return [
    { token: 'progressed', body: '' },
    { token: 'completed', body: 'not JSON' },
    { token: 'no-event', body: '{}' },
    { token: 'failed', body: '{"v":1,"event":5}' },
    { token: 'completed', body: theirs.body },
    { token: 'started', body: started.body },
    // These name a message as the job's last that is not.
    { token: 'progressed', body: 'first', expect: { expected: 0, filter: 'jobs.conformance.nothing.>' } },
    { token: 'released', body: '', expect: { expected: created.sequence, filter: created.subject } },
    {
      token: 'progressed',
      body: 'other',
      expect: { expected: theirs.sequence, filter: `jobs.conformance.${other}.>` },
    },
  ];
}

/**
 * Writes all junk on the subjects of each job, another kind last each time: from the last message on a worker reads back.
 * Returns when all of it is stored.
 */
async function writeJunk(testbed: Testbed, jobIds: readonly string[], other: string): Promise<void> {
  for (const [index, jobId] of jobIds.entries()) {
    const kinds = await junkFor(testbed, jobId, other);
    for (const { token, body, expect } of [...kinds.slice(index + 1), ...kinds.slice(0, index + 1)]) {
      await testbed.writer.publish(`jobs.conformance.${jobId}.${token}`, body, expect);
    }
  }
}

/** Stores the message on the subject four more times, and as often as if it were the first of subjects that have none. */
async function writeCopies(testbed: Testbed, subject: string): Promise<void> {
  const original = (await testbed.log()).find((message) => message.subject === subject);
  assert.ok(original);
  for (let count = 0; count < 4; count += 1) {
    await testbed.writer.publish(subject, original.body);
    await testbed.writer.publish(subject, original.body, { expected: 0, filter: 'jobs.conformance.nothing.>' });
  }
}

/** As many jobs that run as there are kinds of junk, and one that is completed. */
async function startJobs(testbed: Testbed, ms: number, maxAttempts: number) {
  const other = await testbed.createJob({ do: 'succeed', result: 'of another job' });
  await testbed.reaches(other, 'completed');
  const jobIds: string[] = [];
  for (let count = 0; count < 9; count += 1) jobIds.push(await testbed.createJob({ do: 'sleep', ms }, { maxAttempts }));
  for (const jobId of jobIds) await testbed.reaches(jobId, 'processing');
  return { jobIds, other };
}

/** The names of the job's events, without those that the kit wrote: it also copies events of the worker. */
async function eventsOfWorkers(testbed: Testbed, jobId: string): Promise<string> {
  const messages = (await testbed.log()).filter(({ byKit, subject }) => !byKit && subject.split('.')[2] === jobId);
  return namesOf(messages.flatMap(({ event }) => event ?? []));
}

/** Shutdowns, a server that restarts, and messages that are no valid events. */
export const disruptionScenarios: readonly Scenario[] = [
  {
    name: 'drain',
    title: 'lets running jobs finish when it is asked to end, and begins no new ones',
    async run(testbed) {
      // With a concurrency of one, what arrives at the moment of the signal can only be begun when the first job has ended.
      const worker = await testbed.startWorker({ concurrency: 1 });
      const jobId = await testbed.createJob({ do: 'sleep', ms: 4_000 });
      await testbed.reaches(jobId, 'processing');
      const ended = worker.terminate();
      const late = await testbed.createJob({ do: 'succeed' });
      await ended;
      assert.equal((await testbed.job(jobId)).status, 'completed', 'the running job was finished');
      assert.equal((await testbed.job(late)).attempt, 0, 'the new one was not begun');
      await testbed.startWorker();
      await testbed.reaches(late, 'completed');
    },
  },
  {
    name: 'release',
    title: 'hands a job back when it must end before the job does, and burns no attempt',
    async run(testbed) {
      const first = await testbed.startWorker({ shutdownGraceMs: 500, ackWaitMs: LONG_ACK_WAIT_MS });
      const jobId = await testbed.createJob({ do: 'sleep', ms: 8_000 }, { maxAttempts: 1 });
      await testbed.reaches(jobId, 'processing');
      await first.terminate();
      await testbed.startWorker(); // which hands the second call for work back once, for its wait
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCreated JobStarted JobReleased JobStarted JobCompleted');
      const again = events[3];
      assert.ok(again?.event === 'JobStarted');
      assert.equal(again.data.attempt, 1, 'it is the first attempt again');
    },
  },
  {
    name: 'unreadable',
    title: 'takes what is no event out of the consumers and goes on',
    async run(testbed) {
      const jobId = crypto.randomUUID();
      await testbed.writer.publish(`jobs.conformance.${jobId}.created`, 'not JSON');
      await testbed.writer.publish(`jobs.conformance.${crypto.randomUUID()}.created`, '{"v":1,"event":"JobCreated"}');
      const [created] = await testbed.events(await testbed.createJob({ do: 'succeed' }));
      const body = JSON.stringify({ ...created, jobId, event: 'JobRequeued', data: {} }); // an event, but not of this subject
      await testbed.writer.publish(`jobs.conformance.${jobId}.created`, body);
      await testbed.writer.publish('timers.due.conformance', '"neither"');
      const at = new Date().toISOString();
      // These are no wake-ups either: an id with a wildcard would stand for other jobs.
      for (const wake of [{ jobId: '*', jobType: 'conformance' }, { jobId, jobType: 'other' }, { jobId: 5 }]) {
        await testbed.writer.publish('timers.due.conformance', JSON.stringify({ ...wake, at }));
      }
      await testbed.startWorker();
      await testbed.reaches(await testbed.createJob({ do: 'succeed' }), 'completed');
      await testbed.untilIdle();
      assert.deepEqual(await testbed.events(jobId), [], 'nothing is appended');
    },
  },
  {
    name: 'foreign-message',
    title: 'is not led astray by a message that is no event, or the event of another subject',
    async run(testbed) {
      const jobId = await testbed.createJob({ do: 'succeed' });
      const [created] = await testbed.events(jobId);
      const filter = `jobs.conformance.${jobId}.>`;
      const [sequence] = testbed.writer.sequencesOf(jobId);
      const at = { expected: sequence ?? 0, filter };
      // It says that the job is completed, where only progress can be told.
      const data = { attempt: 1, durationMs: 1 };
      const body = JSON.stringify({ ...created, id: crypto.randomUUID(), event: 'JobCompleted', version: 2, data });
      const foreign = await testbed.writer.publish(`jobs.conformance.${jobId}.progressed`, body, at);
      await testbed.writer.publish(`jobs.conformance.${jobId}.progressed`, 'not JSON', { ...at, expected: foreign });
      await testbed.startWorker();
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(events.at(-1)?.actor.kind, 'worker', 'the worker ran it');
    },
  },
  {
    name: 'junk',
    title: 'keeps the result of a job on whose subjects others have written meanwhile',
    async run(testbed) {
      await testbed.startWorker();
      const { jobIds, other } = await startJobs(testbed, 5_000, 1);
      await writeJunk(testbed, jobIds, other);
      for (const jobId of jobIds) {
        await testbed.reaches(jobId, 'completed');
        assert.equal(await eventsOfWorkers(testbed, jobId), 'JobStarted JobCompleted', 'it runs once');
        assert.deepEqual((await testbed.job(jobId)).result, { sleptMs: 5_000 }, 'the result is its own');
      }
      assert.equal((await testbed.events(other)).length, 3, 'nothing is appended to the other job');
    },
  },
  {
    name: 'junk-created',
    title: 'does not run a job twice because its JobCreated or JobRequeued was stored once more',
    async run(testbed) {
      // Two workers, so that copies reach another one than that which runs the jobs.
      await testbed.startWorker({ concurrency: 2 });
      const runAt = new Date(Date.now() + 3_600_000).toISOString();
      const requeued = await testbed.createJob({ do: 'sleep', ms: 6_000 }, { maxAttempts: 2, runAt });
      await testbed.untilIdle(); // from now on only a JobRequeued can start it
      await testbed.record(requeued, { kind: 'CancelJob' });
      await testbed.record(requeued, { kind: 'RequeueJob' });
      const jobId = await testbed.createJob({ do: 'sleep', ms: 6_000 }, { maxAttempts: 2 });
      for (const id of [jobId, requeued]) await testbed.reaches(id, 'processing');
      await testbed.startWorker({ concurrency: 4 });
      await writeCopies(testbed, `jobs.conformance.${jobId}.created`);
      await writeCopies(testbed, `jobs.conformance.${requeued}.requeued`);
      for (const id of [jobId, requeued]) {
        await testbed.reaches(id, 'completed');
        assert.equal(await eventsOfWorkers(testbed, id), 'JobStarted JobCompleted', 'it runs once');
      }
    },
  },
  {
    name: 'junk-redelivery',
    title: 'takes over a job from a lost worker, whatever else is on its subjects',
    async run(testbed) {
      const first = await testbed.startWorker();
      const { jobIds, other } = await startJobs(testbed, 5_000, 2);
      await first.kill();
      await writeJunk(testbed, jobIds, other);
      await testbed.startWorker();
      for (const jobId of jobIds) {
        await testbed.reaches(jobId, 'completed');
        assert.equal(await eventsOfWorkers(testbed, jobId), 'JobStarted JobStarted JobCompleted', 'it runs once more');
        const { attempt, result } = await testbed.job(jobId);
        assert.deepEqual({ attempt, result }, { attempt: 2, result: { sleptMs: 5_000 } });
      }
      assert.equal((await testbed.events(other)).length, 3, 'nothing is appended to the other job');
    },
  },
  {
    name: 'removed-consumers',
    title: 'goes on when its consumers were removed and are there again',
    async run(testbed) {
      await testbed.startWorker();
      await testbed.reaches(await testbed.createJob({ do: 'succeed' }), 'completed');
      await testbed.untilIdle();
      await testbed.removeConsumers();
      const created = await testbed.createJob({ do: 'succeed' });
      const requeued = await testbed.createJob(
        { do: 'succeed' },
        { runAt: new Date(Date.now() + 3_600_000).toISOString() },
      );
      await testbed.record(requeued, { kind: 'CancelJob' });
      await testbed.record(requeued, { kind: 'RequeueJob' });
      await testbed.createConsumers();
      const retried = await testbed.createJob({ do: 'fail', times: 1 }, { maxAttempts: 2 }); // a timer starts its second attempt
      for (const jobId of [created, requeued, retried]) await testbed.reaches(jobId, 'completed');
    },
  },
  {
    name: 'server-restart',
    title: 'finishes its job when the server was away at the wrong moment',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'sleep', ms: 4_000 });
      await testbed.reaches(jobId, 'processing');
      await testbed.nats.kill('SIGKILL');
      await testbed.wait(5_000); // the job ends meanwhile
      await testbed.nats.restart();
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(events.filter(({ event }) => event === 'JobCompleted').length, 1);
      await testbed.reaches(await testbed.createJob({ do: 'succeed' }), 'completed');
    },
  },
];
