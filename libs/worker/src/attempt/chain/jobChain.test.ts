import { randomUUID } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import { ConcurrentAppendError, LogOverloadedError, LogUnavailableError } from '@jobstream/eventlog';
import type { JobSnapshot } from '@jobstream/eventlog';
import { expect, test } from 'vitest';
import { sharedServer } from '../../../testing/startTestWorker.ts';
import { systemClock } from './clock.ts';
import { appendUntilSettled, JobChain } from './jobChain.ts';

const { log } = await sharedServer();

type Fault = (event: JobEvent, expected: number) => Promise<unknown>;

/** The event log, but its first appends end in these faults. */
function faultyLog(...faults: Fault[]) {
  const { eventLog } = log;
  return {
    readJob: eventLog.readJob.bind(eventLog),
    async append(event: JobEvent, expected: number): Promise<number> {
      const fault = faults.shift();
      if (fault === undefined) return eventLog.append(event, expected);
      await fault(event, expected);
      throw new LogUnavailableError('no answer');
    },
  };
}

const stored: Fault = (event, expected) => log.eventLog.append(event, expected);
const lost: Fault = async () => undefined;
const overloaded: Fault = async () => {
  throw new LogOverloadedError(1);
};

async function startedEvent() {
  const created = await log.create('any');
  const { jobId } = created;
  const event = { ...created, id: randomUUID(), event: 'JobStarted', version: 2, data: { attempt: 1, worker: 'w' } };
  return { jobId, event: event as JobEvent, expected: (await log.eventLog.readJob(jobId))?.sequence ?? 0 };
}

const open = { closing: new AbortController().signal };

test.each([
  ['was lost', [lost]],
  ['was stored all the same', [stored]],
  ['was lost twice', [lost, lost]],
  ['was lost and then stored without an answer', [lost, stored]],
  ['was refused for overload', [overloaded]],
])('an append that got no answer and %s is in the log once', async (_name, faults) => {
  const { jobId, event, expected } = await startedEvent();
  const sequence = await appendUntilSettled(event, expected, { eventLog: faultyLog(...faults), ...open });
  const history = await log.eventLog.readHistory(jobId);
  expect(history.map((recorded) => recorded.event.id)).toEqual([expect.any(String), event.id]);
  expect(history[1]?.sequence).toBe(sequence);
});

test('an append that got no answer is a conflict when another event came first', async () => {
  const { jobId, event, expected } = await startedEvent();
  const cancelled: Fault = () => log.act(jobId, { kind: 'CancelJob' });
  const appending = appendUntilSettled(event, expected, { eventLog: faultyLog(cancelled), ...open });
  await expect(appending).rejects.toThrow(ConcurrentAppendError);
});

test('an append that got no answer was successful also when the job has moved on since', async () => {
  const { jobId, event, expected } = await startedEvent();
  const storedThenCancelled: Fault = async () => {
    await stored(event, expected);
    await log.act(jobId, { kind: 'CancelJob' });
  };
  await appendUntilSettled(event, expected, { eventLog: faultyLog(storedThenCancelled), ...open });
  expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobCancelled']);
});

test('an append is not tried again once the worker closes', async () => {
  const { event, expected } = await startedEvent();
  const closing = new AbortController();
  const closed: Fault = async () => closing.abort();
  const appending = appendUntilSettled(event, expected, { eventLog: faultyLog(closed), closing: closing.signal });
  await expect(appending).rejects.toThrow(LogUnavailableError);
});

/** The event log, but its first looks at a job show it as it was before: as a leader does that is new. */
function lateLog(eventLog: ReturnType<typeof faultyLog>, before: JobSnapshot, looks: number) {
  let left = looks;
  return { ...eventLog, readJob: async (jobId: string) => (left-- > 0 ? before : eventLog.readJob(jobId)) };
}

test('an append that conflicts with its own earlier try is tried until the log shows that one', async () => {
  const { jobId, event, expected } = await startedEvent();
  const before = (await log.eventLog.readJob(jobId)) as JobSnapshot;
  const eventLog = lateLog(faultyLog(stored), before, 2);
  const sequence = await appendUntilSettled(event, expected, { eventLog, ...open });
  expect((await log.eventLog.readJob(jobId))?.sequence).toBe(sequence);
  expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1']);
});

test.each([0, 1])(
  'a chain stores an event once whose own earlier try it conflicts with, also one that the log shows after %i looks',
  async (looks) => {
    const { jobId } = await log.create('any');
    await log.act(jobId, { kind: 'StartAttempt', worker: 'w' });
    const before = (await log.eventLog.readJob(jobId)) as JobSnapshot;
    const conflicting: Fault = async (event, expected) => {
      await stored(event, expected);
      throw new ConcurrentAppendError(`job ${jobId}`, expected);
    };
    const eventLog = lateLog(faultyLog(conflicting), before, looks);
    const context = { eventLog, ...open, clock: systemClock(Date), workerName: 'w' };
    const chain = new JobChain(before, { causationId: 'cause' }, context);
    await chain.record({ kind: 'ReportProgress', attempt: 1, percent: 50 });
    await chain.record({ kind: 'CompleteAttempt', attempt: 1, durationMs: 1 });
    const progressed = ['JobCreated', 'JobStarted 1', 'JobProgressed 1', 'JobCompleted 1'];
    expect(await log.story(jobId)).toEqual(progressed);
  },
);

test('a chain goes on behind an event of another writer that leaves its attempt as it is', async () => {
  const { jobId } = await log.create('any');
  await log.act(jobId, { kind: 'StartAttempt', worker: 'w' });
  const before = (await log.eventLog.readJob(jobId)) as JobSnapshot;
  const context = { eventLog: log.eventLog, ...open, clock: systemClock(Date), workerName: 'w' };
  const chain = new JobChain(before, { causationId: 'cause' }, context);
  await log.act(jobId, { kind: 'ReportProgress', attempt: 1, percent: 50 });
  await chain.record({ kind: 'ReportProgress', attempt: 1, percent: 50 });
  await chain.record({ kind: 'CompleteAttempt', attempt: 1, durationMs: 1 });
  const reports = ['JobProgressed 1', 'JobProgressed 1'];
  expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', ...reports, 'JobCompleted 1']);
});

test('a chain ends behind an event of a newer release, which may have ended its attempt', async () => {
  const { jobId } = await log.create('any');
  await log.act(jobId, { kind: 'StartAttempt', worker: 'w' });
  const before = (await log.eventLog.readJob(jobId)) as JobSnapshot;
  const context = { eventLog: log.eventLog, ...open, clock: systemClock(Date), workerName: 'w' };
  const chain = new JobChain(before, { causationId: 'cause' }, context);
  const started = (await log.eventLog.readHistory(jobId)).at(-1)?.event as JobEvent;
  const newer = { ...started, v: 2, id: randomUUID(), version: 3 } as unknown as JobEvent;
  await log.eventLog.append(newer, before.sequence);
  const completing = chain.record({ kind: 'CompleteAttempt', attempt: 1, durationMs: 1 });
  await expect(completing).rejects.toThrow(ConcurrentAppendError);
});

test('a chain stores a report once that the log has lost since, and the JobCarried has', async () => {
  const { jobId } = await log.create('any');
  await log.act(jobId, { kind: 'StartAttempt', worker: 'w' });
  const before = (await log.eventLog.readJob(jobId)) as JobSnapshot;
  const carried: Fault = async (event, expected) => {
    await stored(event, expected);
    await log.act(jobId, { kind: 'CarryJob', keepsCause: true });
    const { prefix } = log.eventLog;
    await prefix.purgeBefore(await log.eventLog.lastSequence());
  };
  const context = { eventLog: faultyLog(carried), ...open, clock: systemClock(Date), workerName: 'w' };
  const chain = new JobChain(before, { causationId: 'cause' }, context);
  await chain.record({ kind: 'ReportProgress', attempt: 1, percent: 50, message: 'half' });
  await chain.record({ kind: 'ReportProgress', attempt: 1, percent: 75 });
  const history = await log.eventLog.readHistory(jobId);
  const reports = history.map(({ event: { event, data } }) => (event === 'JobProgressed' ? data.percent : event));
  expect(reports).toEqual(['JobCarried', 75]);
});
