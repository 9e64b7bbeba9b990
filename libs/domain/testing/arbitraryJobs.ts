import * as fc from 'fast-check';
import type { Backoff } from '../src/job/settings/backoff.ts';
import type { JobCommand, JobCommandName } from '../src/job/jobCommand.ts';
import type { JobEvent } from '../src/job/jobEvent.ts';
import type { JobEventName } from '../src/job/jobEvents.ts';
import type { Timestamp } from '../src/messages/timestamp.ts';

type Fields = Record<string, fc.Arbitrary<unknown>>;

/** Objects as JSON.parse makes them. */
const plain = { noNullPrototype: true };
const int = (min: number, max: number) => fc.integer({ min, max });
const anyText = fc.string({ unit: 'binary', maxLength: 20 });
/** Every value that JSON text can stand for: keys such as `__proto__`, unpaired surrogates, the ends of the doubles. */
const json = fc.oneof(
  fc.json({ stringUnit: 'binary' }).map((text) => JSON.parse(text) as unknown),
  fc.constantFrom<unknown>(null, '', 0, 5e-324, Number.MAX_VALUE, '\ud800', '\u0000', [], {}, [[]]),
  fc.constant('{"__proto__":{"a":1},"constructor":[],"":0}').map((text) => JSON.parse(text) as unknown),
);
const id = fc.string({ unit: 'binary', minLength: 1, maxLength: 128 });
const uuid = fc.uuid();
const jobType = fc.stringMatching(/^[a-z][a-z0-9-]{0,62}$/);

/** Times of the years 1 to 9999, half of them within the same two minutes so that "due" and "not due" both occur. */
const timestamp: fc.Arbitrary<Timestamp> = fc.oneof(
  int(0, 120_000).map((ms) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString()),
  fc
    .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  int(0, 59).map((second) => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`),
);

const delayMs = int(0, 2_592_000_000);
const backoff: fc.Arbitrary<Backoff> = fc.oneof(
  fc.record({ type: fc.constant('fixed' as const), delayMs }, plain),
  fc.record(
    {
      type: fc.constant('exponential' as const),
      delayMs,
      maxDelayMs: delayMs,
      jitter: fc.double({ min: 0, max: 1, noNaN: true }).map((share) => share + 0),
    },
    plain,
  ),
);
const actor = fc.record({ kind: fc.constantFrom('api', 'worker', 'scheduler', 'user'), id: anyText }, plain);
const error = fc.record(
  { name: anyText, message: anyText, code: anyText, stack: anyText },
  { requiredKeys: ['name', 'message'], noNullPrototype: true },
);
/** Mostly the numbers that short histories reach. */
const attempt = fc.oneof({ weight: 9, arbitrary: int(1, 4) }, { weight: 1, arbitrary: int(1, 1_000) });
const maxAttempts = fc.oneof({ weight: 9, arbitrary: int(1, 4) }, { weight: 1, arbitrary: int(1, 1_000) });
const percent = int(0, 100);
const durationMs = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((ms) => ms + 0);

const stepName = fc.stringMatching(/^[ -~]{1,8}$/);
const signalName = fc.constantFrom('approved', 'constructor', 'note');
const signal = recordOf({ id, name: signalName, payload: json, at: timestamp });
const signals = fc.array(signal, { maxLength: 3 });
const readSignal = recordOf({ id, name: signalName });
const stepOptions = { key: stepName, result: json, error, signal: readSignal, waitsUntil: timestamp };
const step = recordOf({ name: stepName, durationMs }, stepOptions);
const recordedStep = recordOf({ name: stepName, durationMs, attempt, at: timestamp }, stepOptions);
const steps = fc.array(step, { minLength: 1, maxLength: 3 });
const awaits = fc.uniqueArray(signalName, { minLength: 1, maxLength: 2 });
const recordedSteps = fc.array(recordedStep, { maxLength: 3 });

const creation = {
  payload: json,
  maxAttempts,
  backoff,
  timeoutMs: int(1, 604_800_000),
  tags: fc.array(fc.string({ minLength: 1, maxLength: 128 }), { maxLength: 4 }),
};
const tenant = fc.constantFrom('acme', 'Globex_2', 'a'.repeat(64));
const byDefinition = recordOf({
  settings: fc.uniqueArray(fc.constantFrom('maxAttempts', 'backoff', 'timeoutMs')),
  worker: anyText,
});
const uniquePaths = fc.array(fc.constantFrom('payload', 'type', 'payload.userId'), { minLength: 1, maxLength: 3 });
const lane = fc.constantFrom('high', 'low');
const priority = fc.constantFrom('high', 'normal', 'low');
const creationOptions = {
  runAt: timestamp,
  idempotencyKey: anyText,
  fingerprint: anyText,
  rerunOf: uuid,
  byDefinition,
  unique: fc.oneof(
    recordOf({ by: uniquePaths, while: fc.constantFrom('waiting', 'unfinished') }),
    recordOf({ by: uniquePaths, forMs: int(1_000, 2_592_000_000) }),
  ),
  uniqueKey: anyText,
};

/** A record in which the `optional` keys come and go. */
function recordOf<Value>(required: Fields, optional: Fields = {}): fc.Arbitrary<Value> {
  const all = { ...required, ...optional };
  return fc.record(all, {
    requiredKeys: Object.keys(required),
    noNullPrototype: true,
  }) as unknown as fc.Arbitrary<Value>;
}

const carriedState = {
  ...creation,
  status: fc.constantFrom('scheduled', 'pending', 'processing', 'retrying', 'failed', 'cancelled'),
  attempt: int(0, 4),
  createdAt: timestamp,
  updatedAt: timestamp,
};
const carriedOptions = {
  ...creationOptions,
  priority: lane,
  startedAt: timestamp,
  finishedAt: timestamp,
  worker: anyText,
  workerVersion: anyText,
  startedBy: anyText,
  error,
  progress: recordOf({}, { percent, message: anyText }),
  generation: int(1, 3),
  ranMs: durationMs,
};

const eventData: Record<JobEventName, fc.Arbitrary<unknown>> = {
  JobCreated: recordOf(creation, { ...creationOptions, delayMs: durationMs, reason: anyText }),
  JobCreatedWithPriority: recordOf(
    { ...creation, priority: lane },
    { ...creationOptions, delayMs: durationMs, reason: anyText },
  ),
  JobStarted: recordOf({ attempt, worker: anyText }, { workerVersion: anyText }),
  JobProgressed: recordOf({ attempt }, { percent, message: anyText }),
  JobStepsRecorded: recordOf({ attempt, from: int(0, 4), steps }),
  JobSuspended: recordOf({ attempt, until: timestamp, ranMs: durationMs }, { signals: awaits }),
  JobResumed: recordOf({ attempt, worker: anyText }, { workerVersion: anyText }),
  JobCompleted: recordOf({ attempt, durationMs }, { result: json }),
  JobRetryScheduled: recordOf({ attempt, error, retryAt: timestamp, durationMs }),
  JobFailed: recordOf(
    {
      attempt,
      error,
      reason: fc.constantFrom('attempts-exhausted', 'unrecoverable', 'invalid-payload', 'worker-lost'),
    },
    { durationMs },
  ),
  JobCancelled: recordOf({}, { reason: anyText }),
  JobRequeued: recordOf({}, { reason: anyText, discarded: fc.nat() }),
  JobRequeuedWithPriority: recordOf({ priority: lane }, { reason: anyText, discarded: fc.nat() }),
  JobPriorityChanged: recordOf({ priority }, { reason: anyText }),
  JobDueNow: recordOf({}, { reason: anyText }),
  JobPayloadChanged: recordOf({ payload: json }, { keepSteps: fc.boolean(), reason: anyText }),
  JobRevised: recordOf({}, { payload: json, runAt: timestamp, delayMs: durationMs, reason: anyText }),
  JobSignalled: recordOf({ name: signalName, payload: json }),
  JobReleased: recordOf({ attempt, reason: anyText }),
  JobCarried: recordOf(carriedState, carriedOptions),
  JobCarriedWithSteps: recordOf(
    { ...carriedState, stepsRecorded: int(0, 4), steps: recordedSteps },
    { ...carriedOptions, signals },
  ),
  JobCarriedWaiting: recordOf(
    {
      ...carriedState,
      status: fc.constant('waiting'),
      runAt: timestamp,
      stepsRecorded: int(0, 4),
      steps: recordedSteps,
    },
    { ...carriedOptions, signals, awaits },
  ),
};

const commandFields: Record<JobCommandName, [Fields, Fields?]> = {
  CreateJob: [
    { jobId: uuid, jobType, ...creation },
    { ...creationOptions, priority, delayMs: durationMs, reason: anyText, tenant },
  ],
  StartAttempt: [{ worker: anyText }, { workerVersion: anyText }],
  TakeOverAttempt: [{ attempt, worker: anyText }, { workerVersion: anyText }],
  ReportProgress: [{ attempt }, { percent, message: anyText }],
  RecordSteps: [{ attempt, steps }],
  SuspendAttempt: [{ attempt, until: timestamp, ranMs: durationMs }, { signals: awaits }],
  ResumeAttempt: [{ worker: anyText }, { workerVersion: anyText }],
  CompleteAttempt: [{ attempt, durationMs }, { result: json }],
  FailAttempt: [
    {
      attempt,
      error,
      cause: fc.constantFrom('error', 'error', 'error', 'unrecoverable', 'invalid-payload'),
      random: fc.double({ min: 0, max: 1, noNaN: true }),
      durationMs,
    },
    { retryAfterMs: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  ],
  ReleaseAttempt: [{ attempt, reason: anyText }],
  CancelJob: [{}, { reason: anyText }],
  RequeueJob: [{}, { reason: anyText, discardUnreadable: fc.boolean() }],
  RunJobNow: [{}, { reason: anyText }],
  ChangePriority: [{ priority }, { reason: anyText }],
  ChangePayload: [{ payload: json }, { keepSteps: fc.boolean(), reason: anyText }],
  ReviseJob: [{ payload: json }, { runAt: timestamp, delayMs: durationMs }],
  SignalJob: [{ name: signalName, payload: json }],
  CarryJob: [{ keepsCause: fc.boolean(), steps: recordedSteps }, { signals }],
};

/** Any event that the schema allows. */
export const arbitraryEvent: fc.Arbitrary<JobEvent> = fc.oneof(
  ...Object.entries(eventData).map(([event, data]) =>
    recordOf<JobEvent>(
      {
        v: fc.constant(1),
        event: fc.constant(event),
        id,
        jobId: uuid,
        jobType,
        version: int(1, 9),
        at: timestamp,
        actor,
        data,
      },
      { causationId: anyText, correlationId: anyText, tenant },
    ),
  ),
);

/** Any command that the schema allows; the attempts that it names are mostly small numbers. */
export const arbitraryCommand: fc.Arbitrary<JobCommand> = fc.oneof(
  ...Object.entries(commandFields).map(([command, [required, optional]]) =>
    recordOf<JobCommand>(
      { kind: fc.constant(command), eventId: id, at: timestamp, actor, ...required },
      { causationId: anyText, correlationId: anyText, ...optional },
    ),
  ),
);
