import { isDeepStrictEqual } from 'node:util';
import * as Schema from 'effect/Schema';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from './decide.ts';
import { JobEvent, decodeJobEvent, encodeJobEvent } from './jobEvent.ts';
import { evolve, fold } from './evolve.ts';
import { Job, JobStatus, isTerminal, type JobState } from './job.ts';
import { JobCommand } from './jobCommand.ts';
import { isRejection } from '../messages/commandContext.ts';
import { arbitraryCommand, arbitraryEvent } from '../../testing/arbitraryJobs.ts';
import { NOW } from '../../testing/jobCommands.ts';
import { jobCreated } from '../../testing/jobEvents.ts';

const RUNS = { numRuns: 400 };
const allowedAfterTheEnd: readonly string[] = [
  'JobPayloadChanged',
  'JobRequeued',
  'JobRequeuedWithPriority',
  'JobCarried',
  'JobCarriedWithSteps',
];

/** Histories that get somewhere: three in four begin with a creation and name the version and attempt that could come next. */
const anyEvents = fc
  .tuple(fc.nat({ max: 3 }), fc.integer({ min: 1, max: 3 }), fc.array(arbitraryEvent, { maxLength: 30, size: 'max' }))
  .map(([chance, maxAttempts, events]) => (chance === 0 ? events : fitting([jobCreated({ maxAttempts }), ...events])));
const anyState: fc.Arbitrary<JobState> = anyEvents.map(fold);
const anyCommands = fc.array(arbitraryCommand, { maxLength: 40, size: 'max' });

interface Step {
  readonly before: JobState;
  readonly event: JobEvent;
  readonly after: Job;
}

/**
 * Lets each command name the running attempt two times in three, so that histories get somewhere, and returns what
 * was accepted. Starts from a job whose creation is not left to chance.
 */
function run(commands: readonly JobCommand[]): readonly Step[] {
  const steps: Step[] = [];
  let state: JobState = fold([jobCreated({ maxAttempts: 1 + (commands.length % 4) })]);
  for (const [index, command] of commands.entries()) {
    const decision = decide(aimed(command, state, index % 3 > 0), state);
    if (isRejection(decision)) continue;
    const after = evolve(state, decision);
    if (after === undefined) throw new Error('an accepted event left no job');
    steps.push({ before: state, event: decision, after });
    state = after;
  }
  return steps;
}

function aimed(command: JobCommand, state: JobState, aim: boolean): JobCommand {
  if (!aim || state === undefined || state.attempt === 0 || !('attempt' in command)) return command;
  return { ...command, attempt: state.attempt };
}

function fitting(events: readonly JobEvent[]): readonly JobEvent[] {
  let state: JobState;
  return events.map((event) => {
    const fitted = fittedTo(state, event);
    state = evolve(state, fitted);
    return fitted;
  });
}

/** The event with the job, the version and the attempt that could come next. */
function fittedTo(state: JobState, event: JobEvent): JobEvent {
  const { id: jobId = event.jobId, type: jobType = event.jobType, version = 0, attempt: running = 0 } = state ?? {};
  const fitted = { ...event, jobId, jobType, version: version + 1 } as JobEvent;
  if (!('attempt' in fitted.data)) return fitted;
  const attempt = fitted.event === 'JobStarted' ? running + 1 : Math.max(running, 1);
  return { ...fitted, data: { ...fitted.data, attempt } } as JobEvent;
}

/** Compared without the matchers of the test runner, which stumble over payloads with a key such as `constructor`. */
const survivesTheLog = (event: JobEvent) =>
  isDeepStrictEqual(decodeJobEvent(encodeJobEvent(event)), { kind: 'event', event });

test('the arbitraries make what the schemas allow, and every kind of it', () => {
  fc.assert(
    fc.property(arbitraryEvent, (event) => Schema.is(JobEvent)(event)),
    RUNS,
  );
  fc.assert(
    fc.property(arbitraryCommand, (command) => Schema.is(JobCommand)(command)),
    RUNS,
  );
  expect(new Set(fc.sample(arbitraryEvent, { numRuns: 500, seed: 1 }).map((event) => event.event)).size).toBe(22);
  expect(new Set(fc.sample(arbitraryCommand, { numRuns: 500, seed: 1 }).map((command) => command.kind)).size).toBe(18);
});

test('random events reach every status, with the budget of attempts used up and not', () => {
  const jobs = fc.sample(anyState, { numRuns: 1_000, seed: 1 });
  const reached = jobs.map((job) => `${job?.status}${job?.attempt === job?.maxAttempts ? ', last attempt' : ''}`);
  for (const status of JobStatus.literals) expect(reached).toContain(status);
  for (const status of ['processing', 'completed', 'failed', 'cancelled'])
    expect(reached).toContain(`${status}, last attempt`);
});

test('random commands reach every status and every event', () => {
  const steps = fc.sample(anyCommands, { numRuns: 500, seed: 1 }).flatMap(run);
  const statuses = new Set(steps.map((step) => step.after.status));
  expect([...statuses].toSorted()).toEqual([
    'cancelled',
    'completed',
    'failed',
    'pending',
    'processing',
    'retrying',
    'scheduled',
    'waiting',
  ]);
  expect(new Set(steps.map((step) => step.event.event)).size).toBe(20);
});

describe('evolve', () => {
  test('never throws, whatever happened in whatever order, and leaves a valid job', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const state = fold(events);
        expect(state === undefined || Schema.is(Job)(state)).toBe(true);
      }),
      RUNS,
    );
  });

  test('counts the version up by one, or leaves the job as it is', () => {
    fc.assert(
      fc.property(anyState, arbitraryEvent, (state, event) => {
        const after = evolve(state, fittedTo(state, event));
        expect(after === state || after?.version === (state?.version ?? 0) + 1).toBe(true);
      }),
      RUNS,
    );
  });

  test('does not change the state that it was given', () => {
    fc.assert(
      fc.property(anyState, arbitraryEvent, (state, event) => {
        const before = structuredClone(state);
        evolve(state, event);
        expect(isDeepStrictEqual(state, before)).toBe(true);
      }),
      RUNS,
    );
  });

  test('lets no history exceed the budget of attempts', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const job = fold(events);
        expect(job?.attempt ?? 0).toBeLessThanOrEqual(job?.maxAttempts ?? 0);
        expect(job?.attempt ?? 0).toBeGreaterThanOrEqual(0);
      }),
      RUNS,
    );
  });

  test('lets nothing but a requeue move an ended job, and nothing at all a completed one', () => {
    fc.assert(
      fc.property(anyState, arbitraryEvent, (state, any) => {
        const event = fittedTo(state, any);
        if (state === undefined || !isTerminal(state.status) || evolve(state, event) === state) return;
        expect(allowedAfterTheEnd).toContain(event.event);
        expect(state.status).not.toBe('completed');
      }),
      RUNS,
    );
  });
});

describe('decide', () => {
  test('never throws, and returns an event or a refusal, not something of both', () => {
    fc.assert(
      fc.property(anyState, arbitraryCommand, (state, command) => {
        const decision = decide(command, state);
        expect('kind' in decision).toBe(!('event' in decision));
      }),
      RUNS,
    );
  });

  test('makes no event that leaves the job as it is, whatever happened before', () => {
    fc.assert(
      fc.property(anyState, arbitraryCommand, fc.boolean(), (state, command, aim) => {
        const decision = decide(aimed(command, state, aim), state);
        if (isRejection(decision)) return;
        const after = evolve(state, decision);
        expect(after).not.toEqual(state);
        expect(after?.version).toBe(decision.version);
      }),
      RUNS,
    );
  });

  test('numbers the events of a job 1, 2, 3…', () => {
    fc.assert(
      fc.property(anyCommands, (commands) => {
        const versions = run(commands).map((step) => step.event.version);
        expect(versions).toEqual(versions.map((_version, index) => index + 2));
      }),
      RUNS,
    );
  });

  test('writes the tenant of a job into each of its events, and no other', () => {
    fc.assert(
      fc.property(anyCommands, (commands) => {
        for (const { event, after } of run(commands)) {
          expect(event.tenant).toBe(after.tenant);
          expect(Object.hasOwn(event, 'tenant')).toBe(after.tenant !== undefined);
        }
      }),
      RUNS,
    );
  });

  test('starts no attempt beyond the budget', () => {
    fc.assert(
      fc.property(anyCommands, (commands) => {
        for (const { after } of run(commands)) expect(after.attempt).toBeLessThanOrEqual(after.maxAttempts);
      }),
      RUNS,
    );
  });

  test('accepts nothing but a requeue once a job has ended, and nothing at all once it is completed', () => {
    fc.assert(
      fc.property(anyCommands, (commands) => {
        for (const { before, event } of run(commands)) {
          if (before === undefined || !isTerminal(before.status)) continue;
          expect(allowedAfterTheEnd).toContain(event.event);
          expect(before.status).not.toBe('completed');
        }
      }),
      RUNS,
    );
  });

  test('makes only events that can be read back from the log', () => {
    fc.assert(
      fc.property(anyState, arbitraryCommand, fc.boolean(), (state, command, aim) => {
        const event = decide(aimed(command, state, aim), state);
        if (isRejection(event)) return;
        expect(survivesTheLog(event)).toBe(true);
      }),
      RUNS,
    );
  });
});

test('a job is the same with its whole history and with what follows from its last JobCarried on', () => {
  fc.assert(
    fc.property(anyCommands, fc.boolean(), (commands, keepsCause) => {
      const steps = run(commands);
      const before = steps.at(-1)?.after;
      const carry = { eventId: 'event-carried', at: NOW, actor: { kind: 'keeper', id: 'keeper' }, keepsCause } as const;
      const event = decide({ ...carry, kind: 'CarryJob', steps: [] }, before);
      if (isRejection(event)) return;
      const whole = evolve(before, event);
      expect(isDeepStrictEqual(fold([event]), whole)).toBe(true);
      const { startedBy, ...kept } = before ?? {};
      const cause = keepsCause && startedBy !== undefined ? { startedBy } : {};
      expect(isDeepStrictEqual(whole, { ...kept, ...cause, version: event.version })).toBe(true);
    }),
    RUNS,
  );
});

test('decoding an encoded event gives the event', () => {
  fc.assert(
    fc.property(arbitraryEvent, (event) => {
      expect(survivesTheLog(event)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test('decoding never throws, whatever the text', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.json());
  expect(() =>
    fc.assert(
      fc.property(text, (body) => void decodeJobEvent(body)),
      RUNS,
    ),
  ).not.toThrow();
});
