import assert from 'node:assert/strict';
import { type JobEvent, SIGNALS_PROTOCOL, type StepOutcome } from '@jobstream/domain';
import type { Scenario } from '../scenario.ts';
import { readAnnouncement } from '../testbed/announcementStreams.ts';
import { namesOf, type Testbed } from '../testbed/testbed.ts';
import { callByTimer, carry } from './carried.ts';
import { BY_TIMER, CHARGE, HOUR_MS, inMs, NAP_MS, resumptions, SEND, suspensions } from './sleeps.ts';
import { beat, resultOf } from './steps.ts';

const BACKOFF = { type: 'fixed', delayMs: 50 } as const;
/** Longer than the look that a wait takes at the processes that live. */
const LOOKS_MS = 4_000;
export const APPROVAL = { name: 'approval', signal: 'approved' };
const REMARK = { name: 'remark', signal: 'note' };
export const ADA = { by: 'ada' };

/** A handler waits for signals, which come before, during or behind its wait. */
export const signalScenarios: readonly Scenario[] = [
  {
    name: 'signal-unread',
    title: 'reads a signal at once that came before the wait, and once for the job',
    async run(testbed) {
      const jobId = await testbed.createJob({ do: 'steps', steps: [APPROVAL], fail: 1 }, { backoff: BACKOFF });
      const id = await testbed.signal(jobId, 'approved', ADA);
      await testbed.startWorker();
      const events = await testbed.reaches(jobId, 'completed');
      const names = 'JobCreated JobSignalled JobStarted JobStepsRecorded JobRetryScheduled JobStarted JobCompleted';
      assert.equal(namesOf(events), names, 'the attempt does not wait');
      const read = { name: 'approval', result: ADA, signal: { id, name: 'approved' }, durationMs: 0 };
      assert.deepEqual(outcomes(events), [read], 'the step says which signal it has read');
      assert.deepEqual((await resultOf(testbed, jobId)).results, [ADA]);
    },
  },
  {
    name: 'signal',
    title: 'gives message and slot back while it waits for a signal, and goes on with the attempt when that comes',
    async run(testbed) {
      await testbed.startWorker({ concurrency: 1 });
      const jobId = await testbed.createJob({ do: 'steps', steps: [CHARGE, APPROVAL, SEND] }, { maxAttempts: 1 });
      await testbed.reaches(jobId, 'waiting');
      await testbed.reaches(await testbed.createJob({ do: 'succeed' }), 'completed'); // in the only slot
      const id = await testbed.signal(jobId, 'approved', ADA);
      const events = await testbed.reaches(jobId, 'completed');
      const before = 'JobCreated JobStarted JobStepsRecorded JobSuspended JobSignalled JobResumed';
      assert.equal(namesOf(events), `${before} JobStepsRecorded JobStepsRecorded JobCompleted`, 'it waits and goes on');
      assert.equal(resumptions(events)[0]?.causationId, id, 'the signal is the cause');
      assert.deepEqual(suspensions(events)[0]?.data.signals, ['approved'], 'JobSuspended names it');
      const { ran, results } = await resultOf(testbed, jobId);
      assert.deepEqual([ran, results[1]], [['send'], ADA], 'what has ended before the wait does not run again');
    },
  },
  {
    name: 'signal-overtakes',
    title: 'does not sleep through a signal that comes between the last look at the job and JobSuspended',
    async run(testbed) {
      await testbed.startWorker({ slotWaitMs: 2 * NAP_MS });
      const steps = [{ name: 'moment', sleepMs: NAP_MS }, APPROVAL];
      const jobId = await testbed.createJob({ do: 'steps', steps }, { maxAttempts: 1 });
      await testbed.eventually(async () => assert.match(namesOf(await testbed.events(jobId)), /JobStepsRecorded/));
      await testbed.signal(jobId, 'approved', ADA);
      const names = namesOf(await testbed.reaches(jobId, 'completed'));
      const expected =
        /^JobCreated JobStarted JobStepsRecorded JobSignalled (JobSuspended JobResumed )?JobStepsRecorded JobCompleted$/;
      assert.match(names, expected, 'the attempt waits no longer');
      assert.deepEqual((await resultOf(testbed, jobId)).results, [null, ADA]);
    },
  },
  {
    name: 'signal-order',
    title: 'reads signals of a name in their order, each once',
    async run(testbed) {
      const steps = ['a', 'b', 'c'].map((key) => ({ name: 'remark', key, signal: 'note' }));
      const [jobId, together] = [
        await testbed.createJob({ do: 'steps', steps }),
        await testbed.createJob({ do: 'steps', steps, together: true }),
      ];
      for (const job of [jobId, together]) {
        for (const payload of ['first', 'second', null]) await testbed.signal(job, 'note', payload);
      }
      await testbed.startWorker();
      for (const job of [jobId, together]) await testbed.reaches(job, 'completed');
      assert.deepEqual((await resultOf(testbed, jobId)).results, ['first', 'second', null], 'the oldest is read first');
      const all = new Set((await resultOf(testbed, together)).results);
      assert.deepEqual(all, new Set(['first', 'second', null]), 'no two waits read the same');
    },
  },
  {
    name: 'signal-other',
    title: 'leaves a job waiting that is sent another signal, and reads that when it waits for it',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'steps', steps: [APPROVAL, REMARK] });
      await testbed.reaches(jobId, 'waiting');
      await testbed.signal(jobId, 'note', 'soon');
      await testbed.untilIdle();
      const before = 'JobCreated JobStarted JobSuspended JobSignalled';
      assert.equal(namesOf(await testbed.events(jobId)), before, 'nothing follows on the other signal');
      await testbed.signal(jobId, 'approved', ADA);
      const events = await testbed.reaches(jobId, 'completed');
      const behind = 'JobSignalled JobResumed JobStepsRecorded JobStepsRecorded JobCompleted';
      assert.equal(namesOf(events), `${before} ${behind}`);
      assert.deepEqual((await resultOf(testbed, jobId)).results, [ADA, 'soon']);
    },
  },
  {
    name: 'signal-pending',
    title: 'starts no attempt on the signal of a job that waits for its start',
    async run(testbed) {
      await testbed.startWorker();
      await testbed.openLane('signalled');
      const jobId = await testbed.whilePaused(async () => {
        const id = await testbed.createJob({ do: 'succeed' });
        await testbed.signal(id, 'approved', ADA);
        const [, sequence = 0] = testbed.writer.sequencesOf(id);
        await testbed.eventually(async () => assert.notDeepEqual(testbed.tap.answers('JOBS', sequence), []));
        await testbed.wait(LOOKS_MS);
        assert.equal(namesOf(await testbed.events(id)), 'JobCreated JobSignalled', 'nothing starts on the signal');
        return id;
      });
      const [created, , started] = await testbed.reaches(jobId, 'completed');
      assert.equal(started?.causationId, created?.id, 'its creation is the cause');
    },
  },
  {
    name: 'signal-running',
    title: 'goes on with a running attempt that is sent a signal, and starts no other on it',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'sleep', ms: 3_000 }, { maxAttempts: 1 });
      await testbed.reaches(jobId, 'processing');
      await testbed.signal(jobId, 'approved', ADA);
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCreated JobStarted JobSignalled JobCompleted', 'it runs once');
      const runAt = inMs(NAP_MS);
      const later = await testbed.createJob({ do: 'succeed' }, { runAt });
      await testbed.signal(later, 'approved', ADA);
      const [, , started] = await testbed.reaches(later, 'completed');
      assert.match(started?.causationId ?? '', BY_TIMER, 'a job that is not due starts by its timer');
    },
  },
  {
    name: 'signal-ahead',
    title: 'goes on by a signal whose sender has a clock that is ahead',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'steps', steps: [APPROVAL] });
      await testbed.reaches(jobId, 'waiting');
      const at = inMs(HOUR_MS / 2);
      const id = await testbed.signal(jobId, 'approved', ADA, at);
      const [resumed] = resumptions(await testbed.reaches(jobId, 'completed'));
      assert.equal(resumed?.causationId, id, 'the signal is the cause');
      assert.ok(Date.parse(resumed?.at ?? '') >= Date.parse(at), 'not before it was sent');
    },
  },
  {
    name: 'signal-lost',
    title: 'starts the next attempt when the worker was killed that a signal let go on',
    async run(testbed) {
      const first = await testbed.startWorker();
      const steps = [APPROVAL, { ...SEND, ms: 4_000 }];
      const jobId = await testbed.createJob({ do: 'steps', steps }, { maxAttempts: 2 });
      await testbed.reaches(jobId, 'waiting');
      const id = await testbed.signal(jobId, 'approved', ADA);
      await testbed.eventually(async () => assert.match(namesOf(await testbed.events(jobId)), /JobStepsRecorded/));
      await first.kill();
      await testbed.startWorker();
      const events = await testbed.reaches(jobId, 'completed');
      const names = 'JobCreated JobStarted JobSuspended JobSignalled JobResumed JobStepsRecorded JobStarted';
      assert.equal(namesOf(events), `${names} JobStepsRecorded JobCompleted`, 'its message comes again');
      assert.match(events[6]?.causationId ?? '', new RegExp(`^${id}#\\d+$`), 'by the message of the signal');
      assert.deepEqual((await resultOf(testbed, jobId)).results[0], ADA, 'the signal was read');
    },
  },
  {
    name: 'signal-carried',
    title: 'reads a signal of which the log has only what JobCarriedWithSteps says',
    async run(testbed) {
      const jobId = await testbed.createJob({ do: 'steps', steps: [APPROVAL] });
      await testbed.signal(jobId, 'approved', ADA);
      await carry(testbed, jobId);
      await testbed.startWorker();
      await callByTimer(testbed, jobId);
      const events = await testbed.reaches(jobId, 'completed');
      assert.equal(namesOf(events), 'JobCarriedWithSteps JobStarted JobStepsRecorded JobCompleted');
      assert.deepEqual((await resultOf(testbed, jobId)).results, [ADA]);
    },
  },
  {
    name: 'signal-carried-waiting',
    title: 'goes on by a signal, and reads an earlier one, where the log has only a JobCarriedWaiting',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'steps', steps: [APPROVAL, REMARK] });
      await testbed.reaches(jobId, 'waiting');
      await testbed.signal(jobId, 'note', 'soon');
      await testbed.untilIdle();
      await carry(testbed, jobId);
      const id = await testbed.signal(jobId, 'approved', ADA);
      const events = await testbed.reaches(jobId, 'completed');
      const names = 'JobCarriedWaiting JobSignalled JobResumed JobStepsRecorded JobStepsRecorded JobCompleted';
      assert.equal(namesOf(events), names);
      assert.equal(resumptions(events)[0]?.causationId, id, 'the signal is the cause');
      assert.deepEqual((await resultOf(testbed, jobId)).results, [ADA, 'soon']);
    },
  },
  {
    name: 'signal-invalid',
    title: 'fails a job for good that waits for a signal whose payload is none, or which its type does not take',
    async run(testbed) {
      const wrong = await testbed.createJob({ do: 'steps', steps: [APPROVAL] });
      await testbed.signal(wrong, 'approved', { by: 1 });
      const unknown = await testbed.createJob({ do: 'steps', steps: [{ ...APPROVAL, signal: 'refused' }] });
      await testbed.startWorker();
      for (const [jobId, code] of [
        [wrong, 'SIGNAL_INVALID'],
        [unknown, 'STEP_MISUSED'],
      ] as const) {
        await testbed.failsWith(jobId, 1, 'unrecoverable');
        assert.equal((await testbed.job(jobId)).error?.code, code);
      }
    },
  },
  {
    name: 'signal-upgrade',
    title: 'does not wait for a signal while a process lives that does not understand that',
    async run(testbed) {
      await beat(testbed, SIGNALS_PROTOCOL - 1);
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'steps', steps: [APPROVAL] });
      await testbed.eventually(async () => assert.match(namesOf(await testbed.events(jobId)), /JobStarted/));
      await testbed.wait(LOOKS_MS);
      assert.equal(namesOf(await testbed.events(jobId)), 'JobCreated JobStarted', 'it keeps its slot');
      await beat(testbed, SIGNALS_PROTOCOL);
      await testbed.reaches(jobId, 'waiting');
    },
  },
  {
    name: 'signal-announced',
    title: 'announces the signals that its jobs take, with the schemas of their payloads',
    async run(testbed: Testbed) {
      await testbed.startWorker();
      const { body } = await testbed.eventually(() => readAnnouncement(testbed.connection));
      const { approved, note, ...others } = (body['signals'] ?? {}) as Record<string, { required?: unknown } | null>;
      assert.deepEqual(others, {}, 'it takes no others');
      assert.deepEqual(approved?.required, ['by'], 'the payload of the first is described');
      assert.ok(note !== undefined && note?.required === undefined, 'that of the second may be any');
    },
  },
];

/** How the steps of a job have ended, in the order in which that was recorded. */
export function outcomes(events: readonly JobEvent[]): readonly StepOutcome[] {
  return events.flatMap((one) => (one.event === 'JobStepsRecorded' ? one.data.steps : []));
}
