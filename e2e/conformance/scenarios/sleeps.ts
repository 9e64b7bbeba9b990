import assert from 'node:assert/strict';
import { type JobEvent, type JobEventName, type JobEventOf, WAITS_PROTOCOL } from '@jobstream/domain';
import type { Scenario } from '../scenario.ts';
import { namesOf } from '../testbed/testbed.ts';
import { callByTimer } from './carried.ts';
import { beat, resultOf } from './steps.ts';

const BACKOFF = { type: 'fixed', delayMs: 50 } as const;
export const HOUR_MS = 3_600_000;
/** Long enough for its run to end, on any machine. */
export const NAP_MS = 3_000;
/** Longer than the look that a sleep takes at the processes that live. */
const LOOKS_MS = 4_000;
export const CHARGE = { name: 'charge' };
export const NAP = { name: 'nap', sleepMs: NAP_MS };
export const SEND = { name: 'send' };
export const BY_TIMER = /^timer:\d+(#\d+)?$/;

export const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

/** A handler sleeps, and its attempt waits without a worker. */
export const sleepScenarios: readonly Scenario[] = [
  {
    name: 'sleep',
    title: 'gives message and slot back for a sleep, and goes on with the same attempt, also the last, when it is over',
    async run(testbed) {
      await testbed.startWorker({ concurrency: 1 });
      const steps = [{ ...CHARGE, ms: 300 }, NAP, SEND];
      const jobId = await testbed.createJob({ do: 'steps', steps }, { maxAttempts: 1 });
      await testbed.reaches(jobId, 'waiting');
      await testbed.reaches(await testbed.createJob({ do: 'succeed' }), 'completed'); // in the only slot
      const events = await testbed.reaches(jobId, 'completed');
      const names = 'JobCreated JobStarted JobStepsRecorded JobStepsRecorded JobSuspended JobResumed JobStepsRecorded';
      assert.equal(namesOf(events), `${names} JobCompleted`, 'the attempt waits and goes on');
      checkWait(events);
      const { ran, results } = await resultOf(testbed, jobId);
      assert.deepEqual([ran, results[1]], [['send'], null], 'what has ended before the sleep does not run again');
      const heard = testbed.heardOf(jobId).slice(3, 7);
      const order = 'timer, event, timer, acknowledgement';
      assert.deepEqual(heard, ['timer', 'JobSuspended', 'timer', '+ACK'], order);
    },
  },
  {
    name: 'sleep-short',
    title: 'keeps the slot for a short sleep, which is a step whose result is its end',
    async run(testbed) {
      await testbed.startWorker();
      const steps = [{ name: 'moment', sleepMs: 100 }];
      const jobId = await testbed.createJob({ do: 'steps', steps, fail: 1 }, { backoff: BACKOFF });
      const events = await testbed.reaches(jobId, 'completed');
      const names = 'JobCreated JobStarted JobStepsRecorded JobRetryScheduled JobStarted JobCompleted';
      assert.equal(namesOf(events), names, 'the sleep is begun once for the job');
      const [, started, recorded, failed] = events;
      assert.ok(started && recorded?.event === 'JobStepsRecorded' && failed);
      const [{ name, result, durationMs } = {}] = recorded.data.steps;
      assert.deepEqual([name, durationMs], ['moment', 0]);
      assert.ok(Date.parse(String(result)) >= Date.parse(started.at) + 100, `it ends at ${String(result)}`);
      assert.ok(Date.parse(failed.at) >= Date.parse(String(result)), 'the handler goes on when it is over');
    },
  },
  {
    name: 'sleep-until',
    title: 'sleeps until an instant, and not at all if that has passed',
    async run(testbed) {
      await testbed.startWorker();
      const [past, until] = [inMs(-HOUR_MS), inMs(NAP_MS)];
      const steps = [
        { name: 'past', sleepUntil: past },
        { name: 'until', sleepUntil: until },
      ];
      const jobId = await testbed.createJob({ do: 'steps', steps });
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(suspensions(events).length, 1, 'it waits once');
      assert.equal(Date.parse(suspensions(events)[0]?.data.until ?? ''), Date.parse(until));
    },
  },
  {
    name: 'sleep-together',
    title: 'waits until the first of several sleeps is over, when the steps beside them have ended',
    async run(testbed) {
      await testbed.startWorker();
      const steps = [{ name: 'late', sleepMs: 3 * NAP_MS }, NAP, { ...CHARGE, ms: 1_000 }];
      const jobId = await testbed.createJob({ do: 'steps', steps, together: true });
      const events = await testbed.reaches(jobId, 'completed');
      const [first, second, ...others] = suspensions(events).map(({ data }) => Date.parse(data.until));
      assert.ok(first !== undefined && second !== undefined && others.length === 0, 'it waits twice');
      const apart = Math.abs(second - first - 2 * NAP_MS);
      assert.ok(apart < NAP_MS, `first for the shorter sleep: ${namesOf(events)}, ${first}, ${second}`);
      assert.deepEqual((await resultOf(testbed, jobId)).ran, [], 'the step ends before the attempt waits');
    },
  },
  {
    name: 'sleep-swallowed',
    title: 'waits also if the handler swallows the interruption, and discards what the handler returns',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'steps', steps: [NAP, SEND], swallow: true });
      const events = await testbed.reaches(jobId, 'completed');
      const names = 'JobCreated JobStarted JobStepsRecorded JobSuspended JobResumed JobStepsRecorded JobCompleted';
      assert.equal(namesOf(events), names, 'nothing is done behind the sleep before it is over');
    },
  },
  {
    name: 'sleep-misused',
    title: 'fails a job for good whose handler gives one name to a step and a sleep',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'steps', steps: [CHARGE, { ...NAP, ...CHARGE }] });
      await testbed.failsWith(jobId, 1, 'unrecoverable');
      assert.equal((await testbed.job(jobId)).error?.code, 'STEP_MISUSED');
    },
  },
  {
    name: 'sleep-early',
    title: 'sets the timer of a job that waits for an hour at most, and again when it is called before its time',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'steps', steps: [{ name: 'nap', sleepMs: 3 * HOUR_MS }] });
      await testbed.reaches(jobId, 'waiting');
      await testbed.untilIdle();
      const { length } = testbed.tap.timersOf(jobId);
      await callByTimer(testbed, jobId);
      await testbed.eventually(async () =>
        assert.ok(testbed.tap.timersOf(jobId).length > length, 'its timer is set again'),
      );
      await testbed.untilIdle();
      for (const at of testbed.tap.timersOf(jobId))
        assert.ok(Date.parse(at) <= Date.now() + HOUR_MS, `an hour ahead at most, not ${at}`);
      assert.equal(namesOf(await testbed.events(jobId)), 'JobCreated JobStarted JobStepsRecorded JobSuspended');
    },
  },
  {
    name: 'sleep-presence',
    title: 'lists an attempt that goes on under the id of its JobResumed',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'steps', steps: [NAP, { ...SEND, ms: 9_000 }] });
      const resumed = await testbed.eventually(async () => {
        const [found] = resumptions(await testbed.events(jobId));
        assert.ok(found, 'it goes on');
        return found;
      });
      await testbed.eventually(async () => {
        const runs = testbed.tap.heartbeats.flatMap(({ body }) => body['running'] as readonly { runId: string }[]);
        const ids = new Set(runs.map(({ runId }) => runId));
        assert.ok(ids.has(resumed.id), `the run ${resumed.id} in a heartbeat, not ${[...ids].join(' and ')}`);
      });
      await testbed.reaches(jobId, 'completed');
    },
  },
  {
    name: 'sleep-timeout',
    title: 'counts what an attempt runs before and behind a sleep for its time-out, and not the sleep',
    async run(testbed) {
      await testbed.startWorker();
      const settings = { maxAttempts: 1, timeoutMs: 4_000 };
      const steps = [{ ...CHARGE, ms: 2_000 }, NAP, { ...SEND, ms: 3_000 }];
      const slow = await testbed.createJob({ do: 'steps', steps }, settings);
      const napping = [{ name: 'nap', sleepMs: 5_000 }, SEND];
      const quick = await testbed.createJob({ do: 'steps', steps: napping }, settings);
      await testbed.reaches(quick, 'completed');
      await testbed.failsWith(slow, 1, 'attempts-exhausted');
      assert.match(namesOf(await testbed.events(slow)), /JobResumed JobFailed$/, 'behind the sleep');
    },
  },
  {
    name: 'sleep-upgrade',
    title: 'keeps its slot for a sleep while a process lives that does not understand what waits',
    async run(testbed) {
      await beat(testbed, WAITS_PROTOCOL - 1);
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'steps', steps: [{ name: 'nap', sleepMs: HOUR_MS }] });
      await testbed.eventually(async () => assert.match(namesOf(await testbed.events(jobId)), /JobStepsRecorded/));
      await testbed.wait(LOOKS_MS);
      assert.equal(namesOf(await testbed.events(jobId)), 'JobCreated JobStarted JobStepsRecorded', 'it keeps its slot');
      await beat(testbed, WAITS_PROTOCOL);
      await testbed.reaches(jobId, 'waiting');
    },
  },
  {
    name: 'sleep-priority',
    title: 'sets the timer of a job that waits on the way of its priority',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'steps', steps: [NAP] }, { priority: 'high' });
      await testbed.reaches(jobId, 'completed');
      const targets = new Set(testbed.tap.timerTargets(jobId));
      assert.deepEqual([...targets], ['timers.high.conformance']);
    },
  },
];

/** What JobSuspended and JobResumed say of an attempt that waits once, behind a step. */
function checkWait(events: readonly JobEvent[]): void {
  const [, started, , recorded, suspended, resumed] = events;
  const completed = events.at(-1);
  assert.ok(started?.event === 'JobStarted' && recorded?.event === 'JobStepsRecorded');
  assert.ok(suspended?.event === 'JobSuspended' && resumed?.event === 'JobResumed');
  const { attempt, until, ranMs } = suspended.data;
  assert.deepEqual([attempt, resumed.data.attempt], [1, 1], 'it is the same attempt');
  assert.equal(Date.parse(until), Date.parse(String(recorded.data.steps[0]?.result)), 'until the end of the sleep');
  assert.ok(Date.parse(resumed.at) >= Date.parse(until), 'not before it is due');
  assert.match(resumed.causationId ?? '', BY_TIMER, 'a timer is the cause');
  checkRunTime(ranMs, completed);
}

function checkRunTime(ranMs: number, completed: JobEvent | undefined): void {
  assert.ok(completed?.event === 'JobCompleted');
  const { durationMs } = completed.data;
  assert.ok(ranMs >= 250 && durationMs >= ranMs, `what it ran in both runs counts: ${ranMs}, then ${durationMs}`);
}

export function suspensions(events: readonly JobEvent[]): JobEventOf<'JobSuspended'>[] {
  return ofName(events, 'JobSuspended');
}

export function resumptions(events: readonly JobEvent[]): JobEventOf<'JobResumed'>[] {
  return ofName(events, 'JobResumed');
}

function ofName<Name extends JobEventName>(events: readonly JobEvent[], name: Name): JobEventOf<Name>[] {
  return events.filter((one): one is JobEvent & JobEventOf<Name> => one.event === name);
}
