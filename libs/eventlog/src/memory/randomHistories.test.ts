import { randomUUID } from 'node:crypto';
import { decide, evolve, isRejection, type JobCommand, type JobEvent, type JobState } from '@jobstream/domain';
import { startNats } from '@jobstream/test-support';
import { array, assert, asyncProperty, boolean, constantFrom, integer, json, record, type Arbitrary } from 'fast-check';
import { expect, test } from 'vitest';
import { openEventLog } from '../../testing/openEventLog.ts';
import type { EventLog } from '../eventLog.ts';
import { ConcurrentAppendError } from '../errors.ts';
import { MemoryEventLog } from './memoryEventLog.ts';
import { MemoryServer } from './memoryServer.ts';
import { VirtualClock } from './virtualClock.ts';

const RUNS = 20;
const HISTORIES_A_RUN = 50;

/** One command to a job; `stale` first tries to append its event behind another one than the last. */
interface Step {
  readonly kind: Exclude<JobCommand['kind'], 'CreateJob' | 'CarryJob'>;
  readonly value: string;
  readonly stale: boolean;
}

/** Commands that are often legal one after the other. */
const step: Arbitrary<Step> = record({
  kind: constantFrom(
    'StartAttempt',
    'StartAttempt',
    'TakeOverAttempt',
    'ReportProgress',
    'CompleteAttempt',
    'FailAttempt',
    'FailAttempt',
    'ReleaseAttempt',
    'CancelJob',
    'RequeueJob',
    'RunJobNow',
    'ChangePayload',
  ),
  value: json(),
  stale: boolean(),
});
const history = record({
  maxAttempts: integer({ min: 1, max: 4 }),
  payload: json(),
  steps: array(step, { maxLength: 10 }),
});

type History = typeof history extends Arbitrary<infer Value> ? Value : never;
type Log = Pick<EventLog, 'append' | 'readJob' | 'readHistory'>;

const context = () =>
  ({ eventId: randomUUID(), at: '2026-01-01T00:00:00.000Z', actor: { kind: 'worker', id: 'w' } }) as const;

function commandOf({ kind, value }: Step, attempt: number): JobCommand {
  const parsed: unknown = JSON.parse(value);
  const error = { name: 'Error', message: value.toWellFormed() };
  const fields = {
    attempt,
    worker: 'w',
    percent: 50,
    durationMs: 1,
    reason: 'why',
    random: 0,
    priority: 'low',
  };
  return { ...context(), ...fields, kind, result: parsed, payload: parsed, error, cause: 'error' } as JobCommand;
}

function creationOf({ maxAttempts, payload }: History): JobCommand {
  const settings = { maxAttempts, backoff: { type: 'fixed', delayMs: 0 }, timeoutMs: 1_000, tags: [] } as const;
  const fields = { jobId: randomUUID(), jobType: 'random', payload: JSON.parse(payload) as unknown };
  return { ...context(), ...fields, ...settings, kind: 'CreateJob' };
}

/** The events of a history, with those whose append is first tried behind the wrong event. */
function eventsOf(given: History): readonly { readonly event: JobEvent; readonly stale: boolean }[] {
  const events: { event: JobEvent; stale: boolean }[] = [];
  let state: JobState;
  const take = (command: JobCommand, stale: boolean) => {
    const event = decide(command, state);
    if (isRejection(event)) return;
    state = evolve(state, event);
    events.push({ event, stale });
  };
  take(creationOf(given), false);
  for (const one of given.steps) take(commandOf(one, state?.attempt ?? 1), one.stale);
  return events;
}

/** Appends a history and returns what readers make of it, without sequences and times. */
async function outcomeIn(log: Log, events: ReturnType<typeof eventsOf>) {
  let sequence = 0;
  let conflicts = 0;
  for (const { event, stale } of events) {
    if (stale) {
      const failure: unknown = await log.append(event, sequence + 1_000_000).catch((error: unknown) => error);
      if (failure instanceof ConcurrentAppendError) conflicts++;
    }
    sequence = await log.append(event, sequence);
  }
  const jobId = events[0]?.event.jobId ?? '';
  const [snapshot, recorded] = [await log.readJob(jobId), await log.readHistory(jobId)];
  const isLast = snapshot?.sequence === sequence;
  const isRefused = conflicts === events.filter(({ stale }) => stale).length;
  return { job: snapshot?.job, isLast, isRefused, events: recorded.map(({ event }) => event) };
}

test('1,000 random histories are the same jobs in memory and on a real server', async () => {
  await using nats = await startNats();
  await using real = await openEventLog({ url: nats.url });
  const memory = new MemoryEventLog(new MemoryServer(new VirtualClock(0)));
  let compared = 0;
  const property = asyncProperty(
    array(history, { minLength: HISTORIES_A_RUN, maxLength: HISTORIES_A_RUN }),
    async (histories) => {
      const all = histories.map(eventsOf);
      const inMemory = await Promise.all(all.map((events) => outcomeIn(memory, events)));
      expect(inMemory.filter(({ isLast, isRefused }) => !isLast || !isRefused)).toEqual([]);
      expect(await Promise.all(all.map((events) => outcomeIn(real, events)))).toEqual(inMemory);
      compared += all.length;
    },
  );
  await assert(property, { numRuns: RUNS });
  expect(compared).toBe(1_000);
});
