import { type Job, Priority } from '@jobstream/domain';
import { reclaim } from '@jobstream/eventlog';
import * as Schema from 'effect/Schema';
import type { Request, RequestHandler, Response } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { callerOf, commandContext } from '../../auth/caller.ts';
import { bodyDecoder, fieldOf, findJsonFaults, invalidRequest } from '../../http/parsing/decodeBody.ts';
import { entityTag } from '../../http/entityTag.ts';
import { sendJson } from '../../http/sendJson.ts';
import { type PayloadWarning, unlessEmpty, warningsField } from '../../payloads/payloadWarning.ts';
import { problemOfRejection } from '../../problems/toProblem.ts';
import { jsonContent, type EndpointDocs } from '../../routes/endpointDocs.ts';
import { limitPayload } from '../create/createJobRequest.ts';
import { findJob } from '../read/findJob.ts';
import { jobIdOf, JobPath, noSuchJob } from '../view/jobPath.ts';
import { jobView, JobView } from '../view/jobView.ts';
import { applyCommand, type AppliedCommand, type AppliedTo, keyHeldBy } from './applyCommand.ts';

const Reason = Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1_000)));

/** The optional body of `POST /api/jobs/:id/cancel` and of `…/run-now`. */
const ReasonRequest = Schema.Struct({ reason: Reason });

/** The optional body of `POST /api/jobs/:id/retry`. */
const RetryRequest = Schema.Struct({
  ...ReasonRequest.fields,
  payload: Schema.optionalKey(Schema.Unknown).annotateKey({
    description:
      'Replaces the payload for all later attempts, checked as that of a new job. Earlier ones stay in the history.',
  }),
  keepSteps: Schema.optionalKey(
    Schema.Boolean.annotate({
      description:
        'With another payload: the steps that the job has recorded count for it as well. Else they run again, with other idempotency keys.',
    }),
  ),
  discardUnreadable: Schema.optionalKey(
    Schema.Boolean.annotate({
      description: 'Discards the events of a newer release that this one cannot read: the job goes on without them.',
    }),
  ),
});

/** The body of `POST /api/jobs/:id/priority`. */
const PriorityRequest = Schema.Struct({ ...ReasonRequest.fields, priority: Priority });

/** The response to a retry. */
const RetriedJobView = Schema.Struct({ ...JobView.fields, warnings: warningsField });

const ofAll = {
  tag: 'jobs',
  path: JobPath,
  body: {
    required: false,
    content: jsonContent(ReasonRequest, { 'with a reason': { reason: 'no longer needed' } }),
  },
  responses: { 200: { description: 'The changed job.', headers: ['ETag'], content: jsonContent(JobView) } },
  problems: [
    'job-not-found',
    'illegal-transition',
    'job-unreadable',
    'job-changed',
    'log-unavailable',
    'history-unavailable',
    'log-overloaded',
    'deadline-exceeded',
  ],
} as const satisfies Partial<EndpointDocs>;

/** The operations that change one job. */
export const changeJobDocs = {
  CancelJob: {
    ...ofAll,
    id: 'cancelJob',
    summary: 'Cancel a job',
    description:
      'Ends a job that has not ended; a running attempt is aborted. Cancelling a cancelled job has no effect.',
  },
  RequeueJob: {
    ...ofAll,
    id: 'retryJob',
    body: {
      required: false,
      content: jsonContent(RetryRequest, {
        'with a reason': { reason: 'the mail server is back' },
        'with another payload': { payload: { to: 'user@example.com' }, reason: 'the address was misspelt' },
        'with another payload, and what its steps have done': { payload: { to: 'user@example.com' }, keepSteps: true },
        'discarding what cannot be read': { discardUnreadable: true, reason: 'the upgrade was taken back' },
      }),
    },
    responses: { 200: { ...ofAll.responses[200], content: jsonContent(RetriedJobView) } },
    summary: 'Retry a job',
    description:
      'Returns a failed or cancelled job to `pending` with a new budget of attempts, with the payload that it has or with another one.',
    problems: [...ofAll.problems, 'upgrade-unfinished'],
  },
  RunJobNow: {
    ...ofAll,
    id: 'runJobNow',
    body: {
      required: false,
      content: jsonContent(ReasonRequest, { 'with a reason': { reason: 'the mail server is back' } }),
    },
    summary: 'Run a job before it is due',
    description:
      'A `scheduled` job, or the next attempt of a `retrying` one, is due at once. It runs when a worker has a free slot; while its type is paused it goes on waiting.',
    problems: [...ofAll.problems, 'upgrade-unfinished'],
  },
  ChangePriority: {
    ...ofAll,
    id: 'changePriority',
    body: {
      required: true,
      content: jsonContent(PriorityRequest, { 'with a reason': { priority: 'high', reason: 'the customer waits' } }),
    },
    summary: 'Change the priority of a job',
    description:
      'Of a job that is `scheduled`, `pending` or `retrying`. One that has the priority already stays as it is.',
    problems: [...ofAll.problems, 'upgrade-unfinished', 'too-many-priority-types'],
  },
} as const satisfies Record<string, EndpointDocs>;

const decodeReason = bodyDecoder(ReasonRequest);
const decodePriority = bodyDecoder(PriorityRequest);
const decodeRetry = bodyDecoder(RetryRequest);

/** `POST /api/jobs/:id/cancel`: responds with the cancelled job. */
export function cancelJob(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const context = commandContext(res, deps.log.clock.now());
    const command = { ...context, kind: 'CancelJob', ...reasonOf(req) } as const;
    sendChanged(res, await applyAndReturn(askedFor(jobIdOf(req, res), res), command, deps), deps);
  };
}

/**
 * `POST /api/jobs/:id/run-now`: makes the job due and calls for work. Should the second be missing, the timer that the job
 * has had before finds it due.
 */
export function runJobNow(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { at, ...context } = commandContext(res, deps.log.clock.now());
    const command = { ...context, at, kind: 'RunJobNow', ...reasonOf(req) } as const;
    const job = await applyAndReturn(askedFor(jobIdOf(req, res), res), command, deps);
    await deps.log.wakeNow({ jobId: job.id, jobType: job.type, priority: job.priority, at });
    sendChanged(res, job, deps);
  };
}

/** `POST /api/jobs/:id/priority`: responds with the job and its priority. */
export function changePriority(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const context = commandContext(res, deps.log.clock.now());
    const command = { ...context, kind: 'ChangePriority', ...decodePriority(req.body) } as const;
    sendChanged(res, await applyAndReturn(askedFor(jobIdOf(req, res), res), command, deps), deps);
  };
}

/**
 * `POST /api/jobs/:id/retry`: requeues the job, after its payload was changed if there is another. A request that ends
 * between the two can be repeated.
 */
export function retryJob(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const id = jobIdOf(req, res);
    const { payload, keepSteps, ...options } = decodeRetryRequest(req);
    const { reason } = options;
    const warnings = payload === undefined ? [] : await changePayload(id, { payload, keepSteps, reason }, res, deps);
    const command = { ...commandContext(res, deps.log.clock.now()), kind: 'RequeueJob', ...options } as const;
    sendChanged(res, await applyAndReturn(askedFor(id, res), command, deps), deps, warnings);
  };
}

/** @throws Problem `invalid-request`, `payload-too-large` */
function decodeRetryRequest(req: Request): typeof RetryRequest.Type {
  if (req.body === undefined) return {};
  const both = fieldOf(req.body, 'payload') !== undefined && fieldOf(req.body, 'discardUnreadable') === true;
  const detail = 'must not be given together with discardUnreadable: without those events nobody knows the job';
  const faults = both ? [{ pointer: '/payload', detail }] : [];
  if (fieldOf(req.body, 'keepSteps') !== undefined && fieldOf(req.body, 'payload') === undefined)
    faults.push({
      pointer: '/keepSteps',
      detail: 'must be given together with another payload: without one the steps are kept',
    });
  const request = decodeRetry(req.body, [...findJsonFaults(req.body), ...faults]);
  limitPayload(Number(req.headers['content-length']), request.payload);
  return request;
}

/** Stores another payload if the job may be retried and its workers accept it. */
async function changePayload(
  id: string,
  { payload, keepSteps, reason }: { [Field in 'payload' | 'keepSteps' | 'reason']: (typeof RetryRequest.Type)[Field] },
  res: Response,
  deps: ApiDeps,
): Promise<readonly PayloadWarning[]> {
  const found = await findJob(id, deps);
  if (found === undefined) throw noSuchJob();
  const context = commandContext(res, deps.log.clock.now());
  const { errors, warnings } = deps.payloads.check({ type: found.type, payload, tenant: context.tenant });
  if (errors.length > 0) throw invalidRequest(errors);
  await assertKeyIsFree(found, deps);
  const given = { ...(keepSteps === undefined ? {} : { keepSteps }), ...(reason === undefined ? {} : { reason }) };
  await applyAndReturn(askedFor(id, res), { ...context, kind: 'ChangePayload', payload, ...given }, deps);
  return warnings;
}

/** A retry that is refused for its unique key must not have changed the payload. */
async function assertKeyIsFree(job: Job, deps: ApiDeps): Promise<void> {
  const reclaimed = await reclaim(job, deps);
  if (reclaimed !== undefined && 'holder' in reclaimed) throw problemOfRejection(keyHeldBy(reclaimed.holder));
}

function reasonOf(req: Request): typeof ReasonRequest.Type {
  return req.body === undefined ? {} : decodeReason(req.body);
}

function sendChanged(res: Response, job: Job, deps: ApiDeps, warnings: readonly PayloadWarning[] = []): void {
  deps.servedVersions.record(job);
  res.setHeader('ETag', entityTag(job.version));
  sendJson(res, 200, { ...jobView(job), warnings: unlessEmpty(warnings) });
}

/** Callers with a tenant may not know about processes. */
function askedFor(id: string, res: Response): AppliedTo {
  return { id, namesProcesses: callerOf(res).tenant === undefined };
}

/** Applies a command to a job and returns the job after it; one that finds the job as it is to be succeeds as well. */
async function applyAndReturn(to: AppliedTo, command: AppliedCommand, deps: ApiDeps): Promise<Job> {
  const applied = await applyCommand(to, command, deps);
  if (applied === undefined) throw noSuchJob();
  const { job, rejection } = applied;
  const isFine = rejection?.kind === 'already-cancelled' || rejection?.kind === 'unchanged';
  if (rejection !== undefined && !isFine) throw problemOfRejection(rejection);
  return job;
}
