import { setImmediate } from 'node:timers/promises';
import { decide as decideCommand, type Job, type JobEvent, type JobStatus } from '@jobstream/domain';
import type { Delivery, JobSnapshot, Wake } from '@jobstream/eventlog';
import { describe, expect, test } from 'vitest';
import { testJob } from '../../testing/testContext.ts';
import { silentLogger } from '../handler/logger.ts';
import { silentObserver, type AttemptContext } from './attemptContext.ts';
import { claimJob, decideClaim, readFreshState, waitedMs } from './claimJob.ts';

const claimant = { workerName: 'me', ackWaitMs: 5_000 };
const ack = { kind: 'ack' };
const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`;
const nak = { kind: 'nak', delayMs: 5_000 };
const start = { kind: 'StartAttempt', worker: 'me' };
const takeOver = { kind: 'TakeOverAttempt', attempt: 1, worker: 'me' };

function delivered(causationId: string, deliveryCount: number): Delivery {
  const { id: jobId, type: jobType } = testJob();
  const slot = { acquireSlot: () => true as const, releaseSlot() {} };
  return { jobId, jobType, causationId, deliveryCount, ...slot, ack() {}, nak() {}, keepAlive() {} };
}

/** A delivery of an event of the log, to whose state it belongs. */
function recordedAt(sequence: number, causationId = 'm2'): Delivery {
  const event = { event: 'JobRequeued' } as JobEvent;
  return { ...delivered(causationId, 1), recorded: { sequence, event, isFirst: false } };
}

/** The command, the settlement, when the attempt is watched until, or the kind of the decision. */
function decide(
  found: { status: JobStatus; startedBy?: string; startedAt?: string; runAt?: string; unreadableEvents?: number },
  delivery: Delivery,
) {
  const decision = decideClaim({ job: testJob(found), sequence: 7, dispatches: [2, 7] }, delivery, claimant);
  if (decision.kind === 'watch') return decision.at;
  if (decision.kind === 'wake' || decision.kind === 'defer') return decision.kind;
  return decision.kind === 'append' ? decision.command : decision.settlement;
}

const startedByFirst = (status: JobStatus) => ({
  job: testJob({ status, startedBy: 'm1' }),
  sequence: 7,
  dispatches: [7],
});

describe('decideClaim', () => {
  test('starts an attempt with the release of the program, where the worker knows it', () => {
    const versioned = { ...claimant, workerVersion: '2.4.0' };
    const begun = decideClaim(startedByFirst('pending'), delivered('m1', 1), versioned);
    expect(begun).toHaveProperty('command', { ...start, workerVersion: '2.4.0' });
    const takenOver = decideClaim(startedByFirst('processing'), delivered('m1', 2), versioned);
    expect(takenOver).toHaveProperty('command', { ...takeOver, workerVersion: '2.4.0' });
  });

  test.each(['scheduled', 'pending', 'retrying'] as const)('starts an attempt of a job that is %s', (status) => {
    expect(decide({ status }, delivered('m1', 1))).toEqual(start);
  });

  test.each(['completed', 'failed', 'cancelled'] as const)('acknowledges the message of a job that is %s', (status) => {
    expect(decide({ status }, delivered('m1', 2))).toEqual(ack);
  });

  test('waits when the state is from before the message came into the log', () => {
    expect(decide({ status: 'failed' }, recordedAt(8))).toEqual(nak);
    expect(decideClaim(undefined, recordedAt(8), claimant)).toMatchObject({ settlement: nak });
  });

  test.each(['pending', 'processing', 'completed'] as const)(
    'leaves a job with events of a newer release to a newer worker, here one that seems %s',
    (status) => {
      expect(decide({ status, unreadableEvents: 1 }, delivered('m1', 1))).toEqual(nak);
    },
  );

  test('acknowledges a message of the log from before the job was carried, but not a timer', () => {
    const carried = { job: testJob({ status: 'pending' }), sequence: 9, dispatches: [2, 7], calledFrom: 8 };
    expect(decideClaim(carried, recordedAt(7), claimant)).toMatchObject({ settlement: ack });
    expect(decideClaim(carried, delivered('timer:3', 1), claimant)).toMatchObject({ command: start });
    expect(decideClaim({ ...carried, dispatches: [2, 9] }, recordedAt(9), claimant)).toMatchObject({ command: start });
  });

  test('makes a call from before a change of the priority again, with that, unless it runs', () => {
    const job = testJob({ status: 'pending', priority: 'low' });
    const changed = { job, sequence: 9, dispatches: [2], calledFrom: 8, callsAgain: true } as const;
    const again = { kind: 'wake', at: job.updatedAt, priority: 'low' };
    expect(decideClaim(changed, recordedAt(2), claimant)).toMatchObject(again);
    expect(decideClaim(changed, delivered('timer:3', 1), claimant)).toMatchObject(again);
    const timer = { ...delivered('timer:3', 1), priority: 'low' } as const;
    expect(decideClaim(changed, timer, claimant)).toMatchObject({ command: start });
    const runAt = '2026-01-01T00:00:02.000Z';
    const waiting = { ...changed, job: testJob({ status: 'retrying', runAt }) };
    expect(decideClaim(waiting, timer, claimant)).toMatchObject({ kind: 'wake', at: runAt, priority: undefined });
    const running = { ...changed, job: { ...job, status: 'processing', startedBy: 'timer:3' } } as const;
    expect(decideClaim(running, recordedAt(2), claimant)).toMatchObject({ settlement: ack });
    expect(decideClaim(running, delivered('timer:4', 1), claimant)).toMatchObject({ settlement: nak });
  });

  test('acknowledges a copy of an event of the job, whatever has become of it', () => {
    for (const status of ['scheduled', 'pending', 'processing', 'retrying'] as const) {
      expect(decide({ status, startedBy: 'm2' }, { ...recordedAt(5), deliveryCount: 2 })).toEqual(ack);
    }
  });

  test('takes a message from before the history for one of the job: the history may begin with a JobCarried', () => {
    expect(decide({ status: 'pending' }, recordedAt(1))).toEqual(start);
  });

  test.each(['scheduled', 'retrying'] as const)('offers such a job by a new timer if it seems %s', (status) => {
    const job = testJob({ status, unreadableEvents: 1, runAt: '2026-01-01T00:00:02.000Z' });
    expect(decideClaim({ job, sequence: 7, dispatches: [1] }, delivered('m1', 2), claimant)).toMatchObject({
      kind: 'defer',
      delayMs: 5_000,
      notBefore: '2026-01-01T00:00:02.000Z',
    });
  });

  test('acknowledges the message of a job that does not exist', () => {
    expect(decideClaim(undefined, delivered('m1', 1), claimant)).toMatchObject({ settlement: ack });
  });
});

describe('a job that waits for its time', () => {
  const runAt = '2026-01-01T00:00:02.000Z';

  test('is started by a message that comes for the first time', () => {
    expect(decide({ status: 'scheduled', runAt }, delivered('m1', 1))).toEqual(start);
    expect(decide({ status: 'retrying', runAt, startedBy: 'm1' }, delivered('timer:9', 1))).toEqual(start);
  });

  test('is left to its timer by a redelivery: an earlier holder may still acknowledge the message', () => {
    expect(decide({ status: 'scheduled', runAt }, delivered('m1', 2))).toBe('wake');
    expect(decide({ status: 'retrying', runAt, startedBy: 'm1' }, delivered('m1', 2))).toBe('wake');
    expect(decide({ status: 'retrying', runAt, startedBy: 'm1' }, delivered('timer:9', 2))).toBe('wake');
  });

  test('is started by a redelivery of its own timer: an earlier holder can only start the attempt, too', () => {
    const timer = { ...delivered('timer:9', 2), dueAt: runAt };
    expect(decide({ status: 'retrying', runAt, startedBy: 'm1' }, timer)).toEqual(start);
    expect(decide({ status: 'scheduled', runAt }, timer)).toEqual(start);
    expect(decide({ status: 'retrying', runAt, startedBy: 'timer:9' }, timer)).toBe('wake');
    const earlier = { ...timer, dueAt: '2026-01-01T00:00:01.999Z' };
    expect(decide({ status: 'retrying', runAt, startedBy: 'm1' }, earlier)).toBe('wake');
  });

  test('is left to its timer by the message of the attempt that failed, even if its count began anew', () => {
    expect(decide({ status: 'retrying', runAt, startedBy: 'm1#3' }, delivered('m1', 1))).toBe('wake');
  });
});

describe('a job that is processing', () => {
  const started = { status: 'processing', startedBy: 'm1', startedAt: '2026-01-01T00:00:00.000Z' } as const;
  /** A timeout of a minute and a minute after its start. */
  const overAt = '2026-01-01T00:02:00.000Z';
  const startedByThird = { ...started, startedBy: 'm1#3' };

  test('is taken over when the message that started it is redelivered', () => {
    expect(decide(started, delivered('m1', 2))).toEqual(takeOver);
  });

  test('is left to its worker when another message comes, and watched by a timer: the message may be gone', () => {
    expect(decide(started, recordedAt(7))).toBe(overAt);
    expect(decide(started, delivered('timer:9', 2))).toBe(overAt);
  });

  test('is taken over by the timer that watches it, when the attempt must be over', () => {
    expect(decide(started, { ...delivered('timer:9', 1), dueAt: overAt })).toEqual(takeOver);
    expect(decide(started, { ...delivered('timer:9', 2), dueAt: '2026-01-01T00:01:59.999Z' })).toBe(overAt);
  });

  test('is looked at once more soon when a timer comes: a new leader may not know the end of the attempt', () => {
    expect(decide(started, delivered('timer:9', 1))).toEqual(nak);
  });

  test('is waited for when its message seems to come for the first time: the server may have lost its counts', () => {
    expect(decide(started, delivered('m1', 1))).toEqual(nak);
  });

  test('is waited for when its message reached its worker after it reached this one', () => {
    expect(decide(startedByThird, delivered('m1', 2))).toEqual(nak);
    expect(decide(startedByThird, delivered('m1', 3))).toEqual(nak);
    expect(decide(startedByThird, delivered('m1', 4))).toEqual(takeOver);
  });

  test('counts as started by any message when its worker did not record which one', () => {
    expect(decide({ status: 'processing' }, delivered('m1', 2))).toEqual(takeOver);
    expect(decide({ status: 'processing' }, delivered('m1', 1))).toEqual(nak);
  });
});

/** Claims a job; each of these states lasts until a timer is set. */
async function claim(delivery: Delivery, ...states: Partial<Job>[]) {
  const wakes: string[] = [];
  const eventLog = {
    readJob: async () => ({ job: testJob(states.at(wakes.length) ?? states.at(-1)), sequence: 7, dispatches: [2, 7] }),
    scheduleWake: async (wake: Wake) => {
      await setImmediate();
      wakes.push(wake.at);
    },
  };
  const closing = new AbortController().signal;
  const others = {
    logger: silentLogger,
    observer: silentObserver,
    clock: { now: () => at(0), newId: () => 'id' },
    closing,
  };
  const context = { ...claimant, ...others, eventLog } as unknown as AttemptContext;
  return { claim: await claimJob(delivery, context), wakes };
}

/** Claims on another message than the one that started the attempt. */
const claimByAnother = (...states: Partial<Job>[]) => claim(delivered('timer:9', 2), ...states);

test('a job whose timer has fired too early has another timer before the message is settled', async () => {
  const waiting = { status: 'scheduled', runAt: at(7) } as const;
  expect(await claim(delivered('timer:9', 1), waiting)).toEqual({ claim: ack, wakes: [at(7)] });
});

describe('a delayed job whose creation is delivered late', () => {
  const created = {
    kind: 'CreateJob',
    eventId: 'm1',
    at: at(0),
    actor: { kind: 'user', id: 'test' },
    jobId: testJob().id,
    jobType: testJob().type,
    payload: null,
    maxAttempts: 3,
    backoff: { type: 'fixed', delayMs: 0 },
    timeoutMs: 60_000,
    tags: [],
    runAt: at(9),
  } as const;
  const recorded = { sequence: 2, event: decideCommand(created, undefined) as JobEvent, isFirst: true };
  const creation = { ...delivered('m1', 1), recorded };

  test.each<[what: string, state: Partial<Job>, timers: string[]]>([
    ['is left to its timer', { status: 'scheduled', runAt: at(9) }, [at(9)]],
    ['and that has run and failed has the timer of its retry', { status: 'retrying', runAt: at(3) }, [at(9), at(3)]],
    ['and that was made due now has a timer for now', { status: 'scheduled', runAt: at(4) }, [at(9), at(4)]],
    ['and that was released has a timer for now', { status: 'pending', updatedAt: at(5) }, [at(9), at(5)]],
    ['and that runs has one for the end of that', { startedAt: at(2) }, [at(9), '2026-01-01T00:02:02.000Z']],
    ['and that has ended needs no other', { status: 'cancelled' }, [at(9)]],
  ])('%s', async (_what, state, timers) => {
    expect(await claim(creation, state)).toEqual({ claim: ack, wakes: timers });
  });

  test('has its timer set again with another priority that it has got', async () => {
    const state = { status: 'scheduled', runAt: at(9), priority: 'high' } as const;
    expect(await claim(creation, state)).toEqual({ claim: ack, wakes: [at(9), at(9)] });
  });
});

describe('a running attempt that a timer watches', () => {
  const running = { status: 'processing', startedBy: 'm1', startedAt: '2026-01-01T00:00:00.000Z' } as const;
  const overAt = '2026-01-01T00:02:00.000Z';
  const retryAt = '2026-01-01T00:00:07.000Z';

  test('is left alone once the timer is set', async () => {
    expect(await claimByAnother(running, running)).toEqual({ claim: ack, wakes: [overAt] });
  });

  test('is watched from its newer start, if it was taken over meanwhile', async () => {
    const later = { ...running, startedAt: '2026-01-01T00:00:20.000Z' };
    const newer = '2026-01-01T00:02:20.000Z';
    expect(await claimByAnother(running, later, later)).toEqual({ claim: ack, wakes: [overAt, newer] });
  });

  test('has the timer of its retry set again, if it has failed meanwhile: the watch may have replaced it', async () => {
    const failed = { status: 'retrying', startedBy: 'm1', runAt: retryAt } as const;
    expect(await claimByAnother(running, failed)).toEqual({ claim: ack, wakes: [overAt, retryAt] });
  });

  test('needs no timer any more, if it has ended meanwhile', async () => {
    expect(await claimByAnother(running, { status: 'completed' })).toEqual({ claim: ack, wakes: [overAt] });
  });
});

/** Reads from a log that returns these states one after the other, the last one for good. */
async function read(delivery: Delivery, states: (JobSnapshot | undefined)[], closing = new AbortController().signal) {
  let reads = 0;
  const readJob = () => Promise.resolve(states[Math.min(++reads, states.length) - 1]);
  const eventLog = { readJob } as unknown as AttemptContext['eventLog'];
  return { state: await readFreshState(delivery, { eventLog, closing }), reads };
}

describe('readFreshState', () => {
  const failed: JobSnapshot = { job: testJob({ status: 'failed' }), sequence: 7, dispatches: [1] };
  const requeued: JobSnapshot = { job: testJob({ status: 'pending' }), sequence: 8, dispatches: [1, 8] };

  test('reads again while the job does not exist yet where it is read', async () => {
    expect(await read(recordedAt(8), [undefined, undefined, requeued])).toEqual({ state: requeued, reads: 3 });
  });

  test('reads again while the state is older than the message', async () => {
    expect(await read(recordedAt(8), [failed, requeued])).toEqual({ state: requeued, reads: 2 });
  });

  test('takes any state for a timer, which does not tell how new the state must be', async () => {
    expect(await read(delivered('timer:9', 1), [failed])).toEqual({ state: failed, reads: 1 });
  });

  test('returns an old state in the end, as when the first events of the job have expired', async () => {
    expect((await read(recordedAt(8), [undefined])).state).toBeUndefined();
  });

  test('does not wait when the worker closes', async () => {
    expect(await read(recordedAt(8), [failed], AbortSignal.abort())).toEqual({ state: failed, reads: 1 });
  });
});

test.each([
  ['a new job waits from its creation', { status: 'pending', updatedAt: at(1) }, 4_000],
  ['a delayed job waits from its due time', { status: 'scheduled', updatedAt: at(1), runAt: at(3) }, 2_000],
  ['a retry waits from its due time', { status: 'retrying', updatedAt: at(2), runAt: at(4) }, 1_000],
  [
    'a requeued job waits from then, not its old due time',
    { status: 'pending', updatedAt: at(4), runAt: at(1) },
    1_000,
  ],
  ['a clock that is behind makes no negative wait', { status: 'pending', updatedAt: at(9) }, 0],
  ['a job that was running elsewhere did not wait', { status: 'processing', updatedAt: at(1) }, undefined],
] as const)('%s', (_name, fields, ms) => {
  expect(waitedMs(testJob(fields), at(5))).toBe(ms);
});
