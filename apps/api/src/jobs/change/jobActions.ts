import type { Job } from '@jobstream/domain';
import { isShredded } from '@jobstream/eventlog';
import { Schema } from 'effect';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { callerOf, commandContext } from '../../auth/caller.ts';
import { bodyDecoder } from '../../http/decodeBody.ts';
import { entityTag } from '../../http/entityTag.ts';
import { sendJson } from '../../http/sendJson.ts';
import { Problem } from '../../problems/problem.ts';
import { problemOfRejection } from '../../problems/toProblem.ts';
import { jsonContent, type Operation } from '../../routes/operation.ts';
import { findJob } from '../read/findJob.ts';
import { jobIdOf, JobPath, noSuchJob } from '../view/jobPath.ts';
import { jobView, JobView } from '../view/jobView.ts';
import { applyCommand, type ChangeCommand } from './applyCommand.ts';

export const erasePayloadOperation: Operation = {
  id: 'erasePayload',
  tag: 'jobs',
  summary: 'Erase the contents of a job',
  description:
    'Destroys the key that encrypts the payload, the result and the messages of the job. They then read as ' +
    '`{"shredded": true}`, and texts as `shredded`; the history remains. This cannot be undone.',
  path: JobPath,
  responses: {
    200: { description: 'The job without its contents.', headers: ['ETag'], content: jsonContent(JobView) },
  },
  problems: ['job-not-found', 'contents-in-clear', 'log-unavailable', 'history-unavailable', 'deadline-exceeded'],
};
/** The body of `POST /api/jobs/:id/cancel` and `…/retry`, which may be left out. */
export const ReasonRequest = Schema.Struct({
  reason: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1_000))),
});

const ofBoth = {
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
    'job-changed',
    'log-unavailable',
    'history-unavailable',
    'log-overloaded',
    'deadline-exceeded',
  ],
} as const satisfies Partial<Operation>;

/** The operations that give one job a command. */
export const changeJobOperation = {
  CancelJob: {
    ...ofBoth,
    id: 'cancelJob',
    summary: 'Cancel a job',
    description:
      'Ends a job that has not ended; a running attempt is aborted. Cancelling a cancelled job has no effect.',
  },
  RequeueJob: {
    ...ofBoth,
    id: 'retryJob',
    summary: 'Retry a job',
    description: 'Returns a failed or cancelled job to `pending` with a new budget of attempts.',
  },
} as const satisfies Record<string, Operation>;
const decode = bodyDecoder(ReasonRequest);

/** `POST /api/jobs/:id/cancel` and `…/retry`: a command without more than a reason; answers the job after it. */
export function postChange(kind: ChangeCommand['kind'], deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const id = jobIdOf(req, res);
    const { reason } = decodeReason(req.body);
    const context = commandContext(res, Date.now());
    const job = await changeJob(id, { ...context, kind, ...(reason === undefined ? {} : { reason }) }, deps);
    deps.servedVersions.record(job);
    res.setHeader('ETag', entityTag(job.version));
    sendJson(res, 200, jobView(job));
  };
}

/** The reason that a request gives, if any; throws a Problem for anything else in the body. */
function decodeReason(body: unknown): typeof ReasonRequest.Type {
  return body === undefined ? {} : decode(body);
}

/** Carries out a command on a job and returns the job after it; who cancels twice wanted the same both times. */
async function changeJob(id: string, command: ChangeCommand, deps: ApiDeps): Promise<Job> {
  const applied = await applyCommand({ id }, command, deps);
  if (applied === undefined) throw noSuchJob();
  const { job, rejection } = applied;
  if (rejection !== undefined && rejection.kind !== 'already-cancelled') throw problemOfRejection(rejection);
  return job;
}

/** `DELETE /api/jobs/:id/payload`: destroys the key of the job, so that nobody reads any more what it was about. */
export function erasePayload(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const id = jobIdOf(req, res);
    if ((await findJob(id, deps)) === undefined) throw noSuchJob();
    if (!(await deps.log.contents.shred(id))) throw contentsInClear();
    deps.logger.info({ jobId: id, by: callerOf(res).actor }, 'contents of a job erased');
    const job = await findJob(id, deps);
    if (job === undefined) throw noSuchJob();
    // A job from before there were keys gets one with its result.
    if (!isShredded(job.payload)) throw contentsInClear();
    res.setHeader('ETag', entityTag(job.version));
    sendJson(res, 200, jobView(job));
  };
}

function contentsInClear(): Problem {
  const detail = 'the job was created without PAYLOAD_KEYS, and events cannot be removed from the log';
  return new Problem('contents-in-clear', { detail });
}
