import { Job, JobError } from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import type { BodyOf } from '../../http/sendJson.ts';
import { type WaitingFor, WaitingForView } from './waitingView.ts';
import { type PayloadWarning, unlessEmpty, warningsField } from '../../payloads/payloadWarning.ts';

const { fields } = Job;

/** The view of a handler's error. */
export const JobErrorView = Schema.Struct({
  ...JobError.fields,
  stack: JobError.fields.stack.annotateKey({
    description: 'With the scope `jobs:debug`, if the worker has recorded it; not in lists.',
  }),
}).annotate({ identifier: 'JobError' });

/** What of an error is shown beside its name, message and code. */
export interface ShownOfErrors {
  readonly stacks: boolean;
}

/** What is shown of a job beside its state. */
interface Extras extends Partial<ShownOfErrors> {
  readonly waitingFor?: WaitingFor | undefined;
}

/** The public view of a job. */
export const JobView = Schema.Struct({
  id: fields.id,
  tenant: fields.tenant,
  type: fields.type,
  status: fields.status,
  version: fields.version.annotateKey({ description: 'The number of events of the job.' }),
  payload: fields.payload,
  result: fields.result,
  resultInexact: fields.resultInexact.annotateKey({
    description:
      'The result has a number that JavaScript does not hold exactly: it is shown rounded, or `null` beyond all doubles. The log has it as the worker wrote it. Set on reading.',
  }),
  error: Schema.optionalKey(JobErrorView),
  progress: fields.progress,
  attempt: fields.attempt.annotateKey({
    description: 'The number of the current or last attempt; 0 before the first.',
  }),
  worker: fields.worker,
  workerVersion: fields.workerVersion.annotateKey({
    description: 'The release of the program that made the current or last attempt, if its worker says one.',
  }),
  maxAttempts: fields.maxAttempts,
  backoff: fields.backoff,
  timeoutMs: fields.timeoutMs,
  byDefinition: fields.byDefinition.annotateKey({
    description:
      'The settings that its creator left out and the definition of its type gave, as `worker` has announced it. Absent where there are none.',
  }),
  tags: fields.tags,
  runAt: fields.runAt.annotateKey({ description: 'When the job is or was last due.' }),
  createdAt: fields.createdAt,
  updatedAt: fields.updatedAt,
  startedAt: fields.startedAt.annotateKey({
    description: 'When the current or last attempt began, or went on after its last wait.',
  }),
  ranMs: fields.ranMs.annotateKey({
    description: 'How many milliseconds the attempt had run before its last wait; left out if it has not waited.',
  }),
  finishedAt: fields.finishedAt,
  rerunOf: fields.rerunOf.annotateKey({ description: 'The job that this one repeats.' }),
  priority: fields.priority.annotateKey({ description: 'Left out for normal.' }),
  unique: fields.unique.annotateKey({
    description: 'Which other jobs are not created, and for how long, because of this one: see its creation.',
  }),
  stepsRecorded: fields.stepsRecorded.annotateKey({
    description: 'How often a step of the job was recorded: see `GET /api/jobs/{id}/steps`. Left out for none.',
  }),
  unread: fields.unread.annotateKey({
    description: 'How many signals of each name no step has read yet. Left out for none.',
  }),
  awaits: fields.awaits.annotateKey({ description: 'The names of the signals by which a job that waits is called.' }),
  unreadableEvents: fields.unreadableEvents.annotateKey({
    description:
      'How many events of a newer release this one cannot read. Until it is upgraded, the rest may be wrong, and the job is not run.',
  }),
  waitingFor: Schema.optionalKey(WaitingForView).annotateKey({
    description:
      'Why an unfinished job does not run, or that it does: the first reason that holds now. Not part of the version that the entity tag stands for, and absent if the log does not answer.',
  }),
}).annotate({ identifier: 'Job' });

/** The response to the creation of a job. */
export const CreatedJobView = Schema.Struct({
  id: fields.id,
  type: fields.type,
  status: fields.status,
  version: fields.version,
  createdAt: fields.createdAt,
  updatedAt: fields.updatedAt,
  existing: Schema.optionalKey(Schema.Literal(true)).annotateKey({
    description: 'No job was created: this one holds the unique key.',
  }),
  revised: Schema.optionalKey(Schema.Literal(true)).annotateKey({
    description: 'It was given what the request asks for, by `onConflict`.',
  }),
  warnings: warningsField,
}).annotate({ identifier: 'CreatedJob' });

export function jobView(job: Job, { stacks = false, waitingFor }: Extras = {}): BodyOf<typeof JobView> {
  return {
    ...nature(job),
    ...outcome(job, { stacks }),
    ...lastAttempt(job),
    ...settings(job),
    ...signals(job),
    ...times(job),
    waitingFor,
  };
}

function nature({ id, tenant, type, status, version, payload }: Job) {
  return { id, tenant, type, status, version, payload };
}

function outcome({ result, resultInexact, error, progress }: Job, shownOf: ShownOfErrors) {
  return { result, resultInexact, error: error && errorView(error, shownOf), progress };
}

function lastAttempt({ attempt, worker, workerVersion, stepsRecorded }: Job) {
  return { attempt, worker, workerVersion, stepsRecorded };
}

function settings({ maxAttempts, backoff, timeoutMs, byDefinition, tags, rerunOf, priority, unique }: Job) {
  return { maxAttempts, backoff, timeoutMs, byDefinition, tags, rerunOf, priority, unique };
}

function signals({ unread, awaits }: Job) {
  return { unread, awaits };
}

function times({ runAt, createdAt, updatedAt, startedAt, ranMs, finishedAt, unreadableEvents }: Job) {
  return { runAt, createdAt, updatedAt, startedAt, ranMs, finishedAt, unreadableEvents };
}

interface CreationFacts {
  readonly warnings: readonly PayloadWarning[];
  readonly existing?: true;
  readonly revised?: true;
}

export function createdJobView(
  job: Job,
  { warnings, existing, revised }: CreationFacts,
): BodyOf<typeof CreatedJobView> {
  const { id, type, status, version, createdAt, updatedAt } = job;
  return { id, type, status, version, createdAt, updatedAt, existing, revised, warnings: unlessEmpty(warnings) };
}

export function errorView(error: JobError, { stacks }: ShownOfErrors): typeof JobErrorView.Type {
  const { stack: _stack, ...shown } = error;
  return stacks ? error : shown;
}
