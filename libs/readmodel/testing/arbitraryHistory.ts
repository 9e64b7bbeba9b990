import { jobEventNames } from '@jobstream/domain';
import type { JobEvent, JobEventName } from '@jobstream/domain';
import * as fc from 'fast-check';
import { JobEvents } from './jobEvents.ts';

/** Ways that a life goes on; between them the single events above make all kinds of impossible histories. */
const stretches: readonly (readonly JobEventName[])[] = [
  ['JobCreated'],
  ['JobCreated', 'JobRevised'],
  ['JobCreatedWithPriority', 'JobPriorityChanged'],
  ['JobStarted', 'JobProgressed', 'JobCompleted'],
  ['JobStarted', 'JobRetryScheduled', 'JobStarted'],
  ['JobStarted', 'JobReleased', 'JobStarted', 'JobFailed'],
  ['JobStarted', 'JobSuspended', 'JobResumed', 'JobCompleted'],
  ['JobStarted', 'JobStepsRecorded', 'JobSuspended', 'JobCarriedWaiting', 'JobResumed', 'JobSuspended'],
  ['JobStarted', 'JobSignalled', 'JobStepsRecorded', 'JobSuspended', 'JobSignalled', 'JobResumed', 'JobStepsRecorded'],
  ['JobSignalled', 'JobStarted', 'JobSuspended', 'JobCarriedWaiting', 'JobResumed', 'JobStepsRecorded', 'JobCompleted'],
  ['JobSignalled', 'JobCarriedWithSteps', 'JobSignalled'],
  ['JobSuspended', 'JobCancelled', 'JobRequeued', 'JobStarted'],
  ['JobCancelled', 'JobRequeued'],
  ['JobPriorityChanged', 'JobCancelled', 'JobRequeuedWithPriority'],
  ['JobFailed', 'JobRequeued', 'JobStarted'],
  ['JobFailed', 'JobPayloadChanged', 'JobRequeued'],
  ['JobStarted', 'JobStepsRecorded', 'JobFailed', 'JobPayloadChanged', 'JobRequeued'],
  ['JobRetryScheduled', 'JobDueNow', 'JobStarted'],
];

const stretch = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...stretches) },
  { weight: 1, arbitrary: fc.constantFrom(...jobEventNames).map((name): readonly JobEventName[] => [name]) },
);

const value = fc.jsonValue({ stringUnit: 'binary', maxDepth: 2 }).map((json) => JSON.parse(JSON.stringify(json)));
const text = fc.string({ unit: 'binary', maxLength: 8 });
const time = fc.option(
  fc
    .date({ min: new Date('2026-01-01'), max: new Date('2027-01-01'), noInvalidDate: true })
    .map((at) => at.toISOString()),
  { nil: undefined },
);

/** One thing that happens in the log: which of the few jobs, what, and with which details. */
const happening = fc.record({
  job: fc.nat({ max: 3 }),
  names: stretch,
  attempt: fc.integer({ min: 1, max: 3 }),
  /** The names of the signals that it is about. */
  signals: fc.subarray(['approved', 'constructor']),
  /** How many steps were recorded before. */
  from: fc.constantFrom(0, 0, 2),
  value,
  text,
  time,
});

type Happening = typeof happening extends fc.Arbitrary<infer One> ? One : never;

/** The events of a few jobs, interleaved: legal runs mixed with events that cannot follow on each other. */
export const arbitraryHistory: fc.Arbitrary<readonly JobEvent[]> = fc
  .array(happening, { minLength: 1, maxLength: 25 })
  .map((happenings) => {
    const jobs = [0, 1, 2, 3].map((index) => new JobEvents({ jobType: index === 0 ? 'null' : 'email' }));
    return happenings.flatMap((one) => eventsOf(one, jobs[one.job] ?? new JobEvents()));
  });

function eventsOf(one: Happening, job: JobEvents): JobEvent[] {
  const details = { ...detailsOf(one, job), ...signalDetails(one) };
  return one.names.map((name) => job.next(name, details[name] ?? {}, { causationId: one.text }));
}

type Details = Partial<Record<JobEventName, object>>;

function detailsOf({ attempt, value: any, text: words, time: at }: Happening, job: JobEvents): Details {
  const priority = (['high', 'normal', 'low'] as const)[attempt - 1];
  const lane = attempt === 1 ? 'high' : 'low';
  const creation = {
    payload: any,
    ...(attempt === 2 ? { unique: { by: [words], while: 'unfinished' }, uniqueKey: words } : {}),
    ...(attempt === 1 ? {} : { rerunOf: job.jobId, byDefinition: { settings: ['maxAttempts'], worker: words } }),
    tags: [`${words}t`],
    idempotencyKey: words,
    ...(at === undefined ? {} : { runAt: at }),
  };
  return {
    JobCreated: creation,
    JobCreatedWithPriority: { ...creation, priority: lane },
    JobRequeuedWithPriority: { priority: lane },
    JobPriorityChanged: { priority },
    JobStarted: { attempt, worker: words, ...(attempt === 1 ? {} : { workerVersion: words }) },
    JobProgressed: { attempt, message: words },
    JobResumed: { attempt, worker: words, ...(attempt === 1 ? {} : { workerVersion: words }) },
    JobCompleted: { attempt, result: any },
    JobRetryScheduled: { attempt, error: { name: 'Error', message: words, stack: words } },
    JobFailed: { attempt, error: { name: words, message: words } },
    JobPayloadChanged: { payload: any, keepSteps: attempt === 1 },
    JobRevised: { payload: any, ...(at === undefined ? {} : { runAt: at }) },
    JobReleased: { attempt },
  };
}

/** What attempts record, wait for and are carried with. */
function signalDetails(one: Happening): Details {
  const { attempt, value: any, text: words, time: at, signals, from } = one;
  const [name = 'approved'] = signals;
  const unread = signals.map((each) => ({ id: `${words}s`, name: each, payload: any, at: '2026-01-01T00:00:02.000Z' }));
  const carried = {
    attempt,
    stepsRecorded: 2,
    steps: carriedSteps(one),
    ...(signals.length === 0 ? {} : { signals: unread }),
  };
  return {
    JobSignalled: { name, payload: any },
    JobStepsRecorded: { attempt, from, steps: stepsOf(one) },
    JobSuspended: {
      attempt,
      ranMs: attempt / 2,
      ...(signals.length === 0 ? {} : { signals }),
      ...(at === undefined ? {} : { until: at }),
    },
    JobCarriedWaiting: { ...carried, ...(signals.length === 0 ? {} : { awaits: signals }) },
    JobCarriedWithSteps: { ...carried, attempt: 0, stepsRecorded: 0, steps: [] },
  };
}

/** Those of a job that has recorded them once. */
function carriedSteps(one: Happening): object[] {
  const record = { attempt: one.attempt, at: '2026-01-01T00:00:01.000Z' };
  return stepsOf(one).map((step) => Object.assign(step, record));
}

/** Steps of few names, so that some are recorded again: with results and without, of signals, and of waits for them. */
function stepsOf({ attempt, value: any, text: words, time: at, signals: [first, second] }: Happening): object[] {
  const error = { name: 'Error', message: words };
  return [
    { name: 'charge', durationMs: 1, ...(attempt === 1 ? { error } : { result: any }), ...readSignal(first, words) },
    {
      name: `send ${attempt}`,
      key: `${attempt}`,
      durationMs: 0.5,
      ...(at === undefined ? {} : { waitsUntil: at }),
      ...readSignal(second, words),
    },
  ];
}

function readSignal(name: string | undefined, words: string): object {
  return name === undefined ? {} : { signal: { id: `${words}s`, name } };
}
