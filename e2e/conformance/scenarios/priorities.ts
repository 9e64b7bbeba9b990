import assert from 'node:assert/strict';
import type { Priority } from '@jobstream/domain';
import type { Scenario } from '../scenario.ts';
import { namesOf, type Testbed } from '../testbed/testbed.ts';
import { callByTimer, carry } from './carried.ts';

const PRIORITIES: readonly Priority[] = ['low', 'normal', 'high'];
const IN_AN_HOUR_MS = 3_600_000;
/** Half of the time after which a worker looks by itself. */
const TOLD_WITHIN_MS = 30_000;
const SHARED = 60;
/** Three rounds of 16, 4 and 1. */
const STARTS_SEEN = 63;

/** Jobs of high and low priority, which have consumers and timers of their own. */
export const priorityScenarios: readonly Scenario[] = [
  {
    name: 'priorities',
    title: 'runs jobs of each priority once',
    async run(testbed) {
      const create = (priority: Priority) => testbed.createJob({ do: 'succeed' }, { priority });
      const jobs = [await create('high'), await create('low'), await create('normal')];
      await testbed.startWorker();
      const lives = await Promise.all(jobs.map((jobId) => testbed.reaches(jobId, 'completed')));
      const ofLane = 'JobCreatedWithPriority JobStarted JobCompleted';
      assert.deepEqual(lives.map(namesOf), [ofLane, ofLane, 'JobCreated JobStarted JobCompleted'], 'each runs once');
      for (const [created, started] of lives)
        assert.equal(started?.causationId, created?.id, 'its creation is the cause');
    },
  },
  {
    name: 'priority-lane',
    title: 'finds the consumers of a priority that are created while it runs',
    async run(testbed) {
      await testbed.startWorker();
      await testbed.reaches(await testbed.createJob({ do: 'succeed' }), 'completed');
      for (const priority of ['low', 'high'] as const) {
        const jobId = await testbed.createJob({ do: 'succeed' }, { priority });
        const [created, started] = await testbed.reaches(jobId, 'completed');
        const waitedMs = Date.parse(started?.at ?? '') - Date.parse(created?.at ?? '');
        assert.ok(
          waitedMs < TOLD_WITHIN_MS,
          `it should be found when the server tells of it, not after ${waitedMs} ms`,
        );
      }
    },
  },
  {
    name: 'priority-delayed',
    title: 'parks a delayed job of high priority until the timer of that priority calls for it',
    async run(testbed) {
      await testbed.startWorker();
      const runAt = new Date(Date.now() + 3_000).toISOString();
      const jobId = await testbed.createJob({ do: 'succeed' }, { runAt, priority: 'high' });
      const [, started] = await testbed.reaches(jobId, 'completed');
      assert.deepEqual(testbed.tap.timerTargets(jobId), ['timers.high.conformance']);
      assert.match(started?.causationId ?? '', /^timer:/, 'a timer is the cause');
      assert.ok(Date.parse(started?.at ?? '') >= Date.parse(runAt), 'not before it is due');
    },
  },
  {
    name: 'priority-retry',
    title: 'lets a timer of low priority wake a failed job of low priority',
    async run(testbed) {
      await testbed.startWorker();
      const backoff = { type: 'fixed', delayMs: 1_000 } as const;
      const jobId = await testbed.createJob({ do: 'fail', times: 1 }, { backoff, priority: 'low' });
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCreatedWithPriority JobStarted JobRetryScheduled JobStarted JobCompleted');
      assert.deepEqual(testbed.tap.timerTargets(jobId), ['timers.low.conformance']);
      assert.match(events[3]?.causationId ?? '', /^timer:/, 'a timer is the cause of the second attempt');
    },
  },
  {
    name: 'priority-requeued',
    title: 'runs a job that is put back to work with its priority',
    async run(testbed) {
      await testbed.startWorker();
      const runAt = new Date(Date.now() + IN_AN_HOUR_MS).toISOString();
      const jobId = await testbed.createJob({ do: 'succeed' }, { runAt, priority: 'low' });
      await testbed.untilIdle();
      await testbed.record(jobId, { kind: 'CancelJob' });
      const { id } = await testbed.record(jobId, { kind: 'RequeueJob' });
      const events = await testbed.reaches(jobId, 'completed');
      const names = 'JobCreatedWithPriority JobCancelled JobRequeuedWithPriority JobStarted JobCompleted';
      assert.equal(namesOf(events), names);
      assert.equal(events[3]?.causationId, id, 'the requeue is the cause');
    },
  },
  {
    name: 'priority-changed',
    title: 'makes the call for a job whose priority has changed again, with that, and starts it on the second',
    async run(testbed) {
      const jobId = await testbed.createJob({ do: 'succeed' });
      const lowered = await testbed.createJob({ do: 'succeed' }, { priority: 'high' });
      await testbed.openLane('low');
      for (const job of [jobId, lowered]) await testbed.record(job, { kind: 'ChangePriority', priority: 'low' });
      await testbed.startWorker();
      for (const job of [jobId, lowered]) {
        const events = await testbed.reaches(job, 'completed');
        assert.match(namesOf(events), /^\w+ JobPriorityChanged JobStarted JobCompleted$/, 'it runs once');
        assert.match(events[2]?.causationId ?? '', /^timer:/, 'a timer is the cause');
        assert.deepEqual(testbed.tap.timerTargets(job), ['timers.low.conformance']);
      }
    },
  },
  {
    name: 'priority-timer',
    title: 'sets the timer of a delayed job whose priority has changed again when it comes, with that',
    async run(testbed) {
      await testbed.startWorker();
      const runAt = new Date(Date.now() + 3_000).toISOString();
      const jobId = await testbed.createJob({ do: 'succeed' }, { runAt });
      await testbed.untilIdle();
      await testbed.openLane('low');
      await testbed.record(jobId, { kind: 'ChangePriority', priority: 'low' });
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCreated JobPriorityChanged JobStarted JobCompleted', 'it runs once');
      assert.ok(Date.parse(events[2]?.at ?? '') >= Date.parse(runAt), 'not before it is due');
      const targets = ['timers.due.conformance', 'timers.low.conformance'];
      assert.deepEqual(testbed.tap.timerTargets(jobId), targets, 'its timer is set again');
    },
  },
  {
    name: 'priority-carried',
    title: 'goes on with the priority of a job of which the log has only a JobCarried',
    async run(testbed) {
      const backoff = { type: 'fixed', delayMs: 500 } as const;
      const jobId = await testbed.createJob({ do: 'fail', times: 1 }, { backoff, priority: 'low' });
      await carry(testbed, jobId);
      await testbed.startWorker();
      await callByTimer(testbed, jobId, 'low');
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCarried JobStarted JobRetryScheduled JobStarted JobCompleted');
      assert.deepEqual(testbed.tap.timerTargets(jobId), ['timers.low.conformance']);
    },
  },
  {
    name: 'priority-share',
    title: 'starts most jobs of high priority first, and some of the others meanwhile',
    async run(testbed) {
      const jobs = new Map<string, Priority>();
      for (let count = 0; count < SHARED; count++) {
        for (const priority of PRIORITIES) jobs.set(await testbed.createJob({ do: 'succeed' }, { priority }), priority);
      }
      await testbed.startWorker({ concurrency: 1 });
      const starts = await prioritiesOfStarts(testbed, jobs);
      const first = (priority: Priority) => starts.slice(0, STARTS_SEEN).filter((one) => one === priority).length;
      const shares = `of the first ${STARTS_SEEN} starts ${PRIORITIES.map((one) => `${first(one)} of ${one} priority`).join(', ')}`;
      assert.ok(first('high') > STARTS_SEEN / 2 && first('normal') > first('low') && first('low') > 1, shares);
    },
  },
];

/** Waits until all these jobs have started, and returns their priorities in the order of the starts. */
function prioritiesOfStarts(testbed: Testbed, jobs: ReadonlyMap<string, Priority>): Promise<readonly Priority[]> {
  return testbed.eventually(async () => {
    const starts = (await testbed.log()).flatMap(({ event }) => (event?.event === 'JobStarted' ? event.jobId : []));
    assert.equal(starts.length, jobs.size, 'all jobs should start, each once');
    return starts.flatMap((jobId) => jobs.get(jobId) ?? []);
  });
}
