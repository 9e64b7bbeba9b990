import * as Schema from 'effect/Schema';
import { define, ofRunningAttempt } from './eventDefinition.ts';
import { Attempt, CarriedJob } from './job.ts';
import { MAX_STEPS, RecordedStep, StepOutcome } from './stepRecord.ts';

/** Since this version attempts record steps, and a payload may be changed without losing them: decision 0060. */
export const STEPS_PROTOCOL = 6;

const EntryCount = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));

/** Steps that end while an earlier one of these is being appended share the next. */
export const jobStepsRecorded = define({
  summary:
    'Steps of a running attempt have ended. Later attempts get their results, and run those with an error again.',
  token: 'steps-recorded',
  protocol: STEPS_PROTOCOL,
  callsForWork: false,
  byOperator: false,
  data: {
    attempt: Attempt,
    /** How many steps were recorded before, so that a repeated append is recognised. */
    from: EntryCount,
    steps: Schema.Array(StepOutcome).check(Schema.isMinLength(1), Schema.isMaxLength(MAX_STEPS)),
  },
  secrets: { steps: 'steps' },
  hidden: [],
  legalIn: ['processing'],
  fits: (job, { attempt, from }) => ofRunningAttempt(job, { attempt }) && from === (job.stepsRecorded ?? 0),
  evolve: (job, { data: { from, steps } }) => ({ ...job, stepsRecorded: from + steps.length }),
});

/** The log is about to lose the events before it. Where it is the first one, the job begins with it: see evolve. */
export const jobCarried = define({
  summary:
    'The state of a job whose earlier events the log is about to lose. Readers can begin here. Calls for work before it are obsolete: a timer replaces them.',
  token: 'carried',
  protocol: 2,
  callsForWork: false,
  byOperator: false,
  data: CarriedJob.fields,
  secrets: { payload: 'value', fingerprint: 'text', error: 'error', progress: 'progress' },
  hidden: ['idempotencyKey', 'fingerprint', 'uniqueKey', 'startedBy', 'generation'],
  legalIn: ['scheduled', 'pending', 'processing', 'retrying', 'failed', 'cancelled'],
  fits: (job, { status, attempt }) => status === job.status && attempt === job.attempt,
  evolve: ({ startedBy: _startedBy, ...job }, { data: { startedBy } }) => ({
    ...job,
    ...(startedBy === undefined ? {} : { startedBy }),
  }),
});

/** Its own name, since the state that an older fold made of it would lack the steps. */
export const jobCarriedWithSteps = define({
  summary: 'As JobCarried, of a job with steps: these are in it.',
  token: 'carried-with-steps',
  protocol: STEPS_PROTOCOL,
  callsForWork: false,
  byOperator: false,
  data: { ...CarriedJob.fields, stepsRecorded: EntryCount, steps: Schema.Array(RecordedStep) },
  secrets: { payload: 'value', fingerprint: 'text', error: 'error', progress: 'progress', steps: 'steps' },
  hidden: ['idempotencyKey', 'fingerprint', 'uniqueKey', 'startedBy', 'generation'],
  legalIn: ['scheduled', 'pending', 'processing', 'retrying', 'failed', 'cancelled'],
  fits: (job, { status, attempt, stepsRecorded }) =>
    status === job.status && attempt === job.attempt && stepsRecorded === job.stepsRecorded,
  evolve: ({ startedBy: _startedBy, ...job }, { data: { startedBy } }) => ({
    ...job,
    ...(startedBy === undefined ? {} : { startedBy }),
  }),
});
