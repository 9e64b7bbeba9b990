import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { foldSteps, type JobEvent, STEPS_PROTOCOL, uuidV8 } from '@jobstream/domain';
import type { Scenario } from '../scenario.ts';
import { namesOf, type Testbed } from '../testbed/testbed.ts';
import { carry } from './carried.ts';

const BACKOFF = { type: 'fixed', delayMs: 50 } as const;
/** Longer than the look that a waiting step takes at the processes that live. */
const LOOKS_MS = 4_000;
/** More events than a reader gets at once. */
const MANY = 260;
const MOST = 1_000;
const CHARGE = { name: 'charge' };

/** What the handler of the conformance job returns for steps. */
interface StepsResult {
  /** The steps whose functions have run in the last attempt. */
  readonly ran: readonly string[];
  readonly results: readonly unknown[];
}

interface StepNamed {
  readonly name: string;
  readonly key?: string;
}

/** A handler divides its work into steps, each of which is done once for the job. */
export const stepScenarios: readonly Scenario[] = [
  {
    name: 'steps',
    title: 'gives the results of steps again in the next attempt, and does not run their functions again',
    async run(testbed) {
      await testbed.startWorker();
      const steps = [CHARGE, { name: 'send', key: 'a' }];
      const jobId = await testbed.createJob({ do: 'steps', steps, fail: 1 }, { backoff: BACKOFF });
      const names = 'JobCreated JobStarted JobStepsRecorded JobStepsRecorded JobRetryScheduled JobStarted JobCompleted';
      const events = await testbed.reaches(jobId, 'completed');
      const results = steps.map((step) => firstResult(jobId, step));
      assert.deepEqual(await resultOf(testbed, jobId), { ran: [], results }, 'nothing runs again');
      assert.equal(namesOf(events), names, 'a step is recorded when it has ended');
      assert.deepEqual(recorded(events), results, 'the log has the results');
    },
  },
  {
    name: 'steps-failing',
    title: 'records the error of a step, and runs that step again in the next attempt',
    async run(testbed) {
      await testbed.startWorker();
      const send = { name: 'send', fail: 1 };
      const jobId = await testbed.createJob({ do: 'steps', steps: [CHARGE, send] }, { backoff: BACKOFF });
      const [, , , failed] = await testbed.reaches(jobId, 'completed');
      assert.ok(failed?.event === 'JobStepsRecorded', 'the step that failed is recorded, too');
      const [{ name, error, result } = {}] = failed.data.steps;
      assert.deepEqual([name, error?.message, result], ['send', 'told to fail', undefined], 'with its error');
      const { ran, results } = await resultOf(testbed, jobId);
      assert.deepEqual(ran, ['send'], 'what failed runs again, and nothing else');
      assert.deepEqual(results[1], { attempt: 2, try: 1, idempotencyKey: keyOf(jobId, send) });
    },
  },
  {
    name: 'steps-tries',
    title: 'runs a step again within the attempt where it says so, and records the last outcome',
    async run(testbed) {
      await testbed.startWorker();
      const charge = { name: 'charge', tries: 3 };
      const jobId = await testbed.createJob({ do: 'steps', steps: [charge] }, { maxAttempts: 1 });
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCreated JobStarted JobStepsRecorded JobCompleted');
      const { ran, results } = await resultOf(testbed, jobId);
      assert.deepEqual(ran, ['charge', 'charge', 'charge']);
      assert.deepEqual(results, [{ attempt: 1, try: 3, idempotencyKey: keyOf(jobId, charge) }]);
    },
  },
  {
    name: 'steps-twice',
    title: 'fails a job for good whose handler gives one name to two steps',
    async run(testbed) {
      await testbed.startWorker();
      const steps = [
        { name: 'send', key: 'a' },
        { name: 'send', key: 'b' },
        { name: 'send' },
        { name: 'send', key: 'a' },
      ];
      const jobId = await testbed.createJob({ do: 'steps', steps });
      await testbed.failsWith(jobId, 1, 'unrecoverable');
      assert.equal((await testbed.job(jobId)).error?.code, 'STEP_MISUSED');
      assert.equal(recorded(await testbed.events(jobId)).length, 3, 'another key makes another step');
    },
  },
  {
    name: 'steps-together',
    title: 'records steps that end together in few events, and completes the attempt behind them',
    async run(testbed) {
      await testbed.startWorker();
      const steps = Array.from({ length: 40 }, (_, key) => ({ name: 'send', key: `${key}` }));
      const jobId = await testbed.createJob({ do: 'steps', steps, together: true });
      const events = await testbed.reaches(jobId, 'completed');
      const shared = events.filter(({ event }) => event === 'JobStepsRecorded').length;
      assert.ok(shared < steps.length / 2, `steps share events, of which there are ${shared}`);
      assert.equal(recorded(events).length, steps.length, 'each is recorded');
    },
  },
  {
    name: 'steps-overtaken',
    title: 'records no step of a run that was overtaken',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'steps', steps: [{ name: 'charge', ms: 2_000 }] });
      await testbed.reaches(jobId, 'processing');
      await testbed.record(jobId, { kind: 'TakeOverAttempt', attempt: 1, worker: 'another' });
      const events = await testbed.reaches(jobId, 'completed'); // the other worker is lost, too
      assert.equal(namesOf(events), 'JobCreated JobStarted JobStarted JobStarted JobStepsRecorded JobCompleted');
      assert.deepEqual((await resultOf(testbed, jobId)).ran, ['charge'], 'it runs again');
    },
  },
  {
    name: 'steps-foreign',
    title: 'gives the steps that another worker has recorded, in whichever language',
    async run(testbed) {
      const steps = [CHARGE, { name: 'nothing' }, { name: 'null' }, { name: 'send' }];
      const jobId = await testbed.createJob({ do: 'steps', steps });
      await testbed.record(jobId, { kind: 'StartAttempt', worker: 'another' });
      const others = [
        { ...CHARGE, result: { id: 'ch_1' }, durationMs: 1 },
        { name: 'nothing', durationMs: 1 },
        { name: 'null', result: null, durationMs: 1 },
      ];
      await testbed.record(jobId, { kind: 'RecordSteps', attempt: 1, steps: others });
      await testbed.record(jobId, { kind: 'ReleaseAttempt', attempt: 1, reason: 'it stops' });
      await testbed.startWorker();
      await testbed.reaches(jobId, 'completed');
      const { ran, results } = await resultOf(testbed, jobId);
      assert.deepEqual([ran, results.slice(0, 3)], [['send'], [{ id: 'ch_1' }, null, null]]);
    },
  },
  {
    name: 'steps-killed',
    title: 'gives a step of a worker that was killed to the next one',
    async run(testbed) {
      const first = await testbed.startWorker();
      const steps = [CHARGE, { name: 'send', ms: 4_000 }];
      const jobId = await testbed.createJob({ do: 'steps', steps });
      await testbed.eventually(async () => assert.equal(recorded(await testbed.events(jobId)).length, 1));
      await first.kill();
      await testbed.startWorker();
      await testbed.reaches(jobId, 'completed');
      const { ran, results } = await resultOf(testbed, jobId);
      assert.deepEqual(ran, ['send'], 'what has ended does not run again');
      assert.deepEqual(results[0], firstResult(jobId, CHARGE));
    },
  },
  {
    name: 'steps-release',
    title: 'records no step that it has aborted to stop, and hands the job back with those that have ended',
    async run(testbed) {
      const first = await testbed.startWorker({ shutdownGraceMs: 500 });
      const steps = [CHARGE, { name: 'wait', ms: 4_000 }];
      const jobId = await testbed.createJob({ do: 'steps', steps }, { maxAttempts: 1 });
      await testbed.eventually(async () => assert.equal(recorded(await testbed.events(jobId)).length, 1));
      await first.terminate();
      await testbed.startWorker();
      const names = namesOf(await testbed.reaches(jobId, 'completed'));
      assert.match(names, /^JobCreated JobStarted JobStepsRecorded JobReleased JobStarted JobStepsRecorded/);
      assert.deepEqual((await resultOf(testbed, jobId)).ran, ['wait']);
    },
  },
  {
    name: 'steps-carried',
    title: 'records steps behind a JobCarriedWithSteps, and knows those that it has when the log has lost the events',
    async run(testbed) {
      await testbed.startWorker();
      const steps = [CHARGE, { name: 'wait', ms: 3_000 }, { name: 'send' }];
      const jobId = await testbed.createJob({ do: 'steps', steps, fail: 1 }, { backoff: BACKOFF });
      await testbed.eventually(async () => assert.equal(recorded(await testbed.events(jobId)).length, 1));
      await carry(testbed, jobId);
      const events = await testbed.reaches(jobId, 'completed');
      const names = 'JobCarriedWithSteps JobStepsRecorded JobStepsRecorded JobRetryScheduled JobStarted JobCompleted';
      const results = steps.map((step) => firstResult(jobId, step));
      assert.deepEqual(await resultOf(testbed, jobId), { ran: [], results }, 'nothing runs again');
      assert.equal(namesOf(events), names, 'the attempt goes on');
    },
  },
  {
    name: 'steps-requeued',
    title: 'keeps the steps of a job that is requeued',
    async run(testbed) {
      await testbed.startWorker();
      const steps = [CHARGE, { name: 'send', ms: 3_000 }];
      const jobId = await testbed.createJob({ do: 'steps', steps });
      await testbed.eventually(async () => assert.equal(recorded(await testbed.events(jobId)).length, 1));
      await testbed.record(jobId, { kind: 'CancelJob' });
      await testbed.record(jobId, { kind: 'RequeueJob' });
      await testbed.reaches(jobId, 'completed');
      assert.deepEqual((await resultOf(testbed, jobId)).ran, ['send']);
    },
  },
  {
    name: 'steps-payload',
    title: 'drops the steps of a job that gets another payload, unless they are to be kept',
    async run(testbed) {
      await testbed.startWorker();
      const steps = [CHARGE];
      const [kept, dropped] = [await failedWith(testbed, steps), await failedWith(testbed, steps)];
      for (const [jobId, keepSteps] of [
        [kept, true],
        [dropped, false],
      ] as const) {
        await testbed.record(jobId, { kind: 'ChangePayload', payload: { do: 'steps', steps }, keepSteps });
        await testbed.record(jobId, { kind: 'RequeueJob' });
        await testbed.reaches(jobId, 'completed');
      }
      assert.deepEqual(await resultOf(testbed, kept), { ran: [], results: [firstResult(kept, CHARGE)] });
      const again = [firstResult(dropped, CHARGE, 1)];
      assert.deepEqual(await resultOf(testbed, dropped), { ran: ['charge'], results: again }, 'with another key');
    },
  },
  {
    name: 'steps-many',
    title: 'reads more steps than a reader gets at once',
    async run(testbed) {
      await testbed.startWorker();
      const steps = Array.from({ length: MANY }, (_, key) => ({ name: 'send', key: `${key}` }));
      const jobId = await testbed.createJob({ do: 'steps', steps, fail: 1 }, { backoff: BACKOFF });
      await testbed.reaches(jobId, 'completed');
      const { ran, results } = await resultOf(testbed, jobId);
      assert.deepEqual([ran, results.length], [[], MANY], 'nothing runs again');
    },
  },
  {
    name: 'steps-too-large',
    title: 'fails a job for good whose steps cannot be kept, also if its handler swallows the error',
    async run(testbed) {
      await testbed.startWorker();
      const many = Array.from({ length: MOST + 1 }, (_, key) => ({ name: 'send', key: `${key}` }));
      const large = [1, 2, 3].map((n) => ({ name: `part ${n}`, bytes: 180_000 }));
      for (const [steps, kept] of [
        [[{ name: 'report', bytes: 270_000 }], 0],
        [large, 2],
        [many, MOST],
      ] as const) {
        const jobId = await testbed.createJob({ do: 'steps', steps, together: steps === many, swallow: true });
        await testbed.failsWith(jobId, 1, 'unrecoverable');
        assert.equal((await testbed.job(jobId)).error?.code, 'STEP_RESULTS_TOO_LARGE');
        assert.equal(recorded(await testbed.events(jobId)).length, kept, 'those before are recorded');
      }
    },
  },
  {
    name: 'steps-upgrade',
    title: 'records no step while a process lives that would lose it',
    async run(testbed) {
      await beat(testbed, STEPS_PROTOCOL - 1);
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'steps', steps: [CHARGE] });
      await testbed.eventually(async () => assert.match(namesOf(await testbed.events(jobId)), /JobStarted/));
      await testbed.wait(LOOKS_MS);
      assert.equal(namesOf(await testbed.events(jobId)), 'JobCreated JobStarted', 'the first step waits');
      await beat(testbed, STEPS_PROTOCOL);
      await testbed.reaches(jobId, 'completed');
    },
  },
];

/** Returns a job that has failed for good although its steps have ended. */
async function failedWith(testbed: Testbed, steps: readonly { readonly name: string }[]): Promise<string> {
  const jobId = await testbed.createJob({ do: 'steps', steps, fail: 9 }, { maxAttempts: 1 });
  await testbed.reaches(jobId, 'failed');
  return jobId;
}

/** Does what another worker does that keeps to this version of the protocol: it counts as alive for twelve seconds. */
export async function beat(testbed: Testbed, protocol: number): Promise<void> {
  const startedAt = new Date().toISOString();
  const identity = { v: 1, worker: 'another', host: 'elsewhere', startedAt, pid: 1, runtime: 'any' };
  const heartbeat = { ...identity, types: ['other'], protocol, runningCount: 0, running: [] };
  await testbed.writer.publish('workers.another', JSON.stringify(heartbeat));
}

function firstResult(jobId: string, step: StepNamed, generation = 0): unknown {
  return { attempt: 1, try: 1, idempotencyKey: keyOf(jobId, step, generation) };
}

/** The idempotency key that every worker must give to the step, in whichever language. */
function keyOf(jobId: string, { name, key = '' }: StepNamed, generation = 0): string {
  return uuidV8(createHash('sha256').update([jobId, generation, name, key].join('\n')).digest('hex'));
}

function recorded(events: readonly JobEvent[]): readonly unknown[] {
  return foldSteps(events).map(({ result }) => result);
}

export async function resultOf(testbed: Testbed, jobId: string): Promise<StepsResult> {
  return (await testbed.job(jobId)).result as StepsResult;
}
