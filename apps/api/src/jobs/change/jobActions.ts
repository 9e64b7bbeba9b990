import type { Job } from '@jobstream/domain';
import { isShredded } from '@jobstream/eventlog';
import * as Schema from 'effect/Schema';
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
  problems: [
    'job-not-found',
    'contents-in-clear',
    'log-unavailable',
    'table-unavailable',
    'history-unavailable',
    'deadline-exceeded',
  ],
};
/** The optional body of `POST /api/jobs/:id/cancel`. */
const ReasonRequest = Schema.Struct({
  reason: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1_000))),
});

/** The optional body of `POST /api/jobs/:id/retry`. */
const RetryRequest = Schema.Struct({
  ...ReasonRequest.fields,
  discardUnreadable: Schema.optionalKey(
    Schema.Boolean.annotate({
      description: 'Discards the events of a newer release that this one cannot read: the job goes on without them.',
    }),
  ),
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
    'job-unreadable',
    'job-changed',
    'log-unavailable',
    'history-unavailable',
    'log-overloaded',
    'deadline-exceeded',
  ],
} as const satisfies Partial<Operation>;

/** The operations that change one job. */
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
    body: {
      required: false,
      content: jsonContent(RetryRequest, {
        'with a reason': { reason: 'the mail server is back' },
        'discarding what cannot be read': { discardUnreadable: true, reason: 'the upgrade was taken back' },
      }),
    },
    summary: 'Retry a job',
    description: 'Returns a failed or cancelled job to `pending` with a new budget of attempts.',
  },
} as const satisfies Record<string, Operation>;
const decoders = { CancelJob: bodyDecoder(ReasonRequest), RequeueJob: bodyDecoder(RetryRequest) };

/** `POST /api/jobs/:id/cancel` and `…/retry`: applies a command and responds with the changed job. */
export function changeJob(kind: ChangeCommand['kind'], deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const id = jobIdOf(req, res);
    const options = req.body === undefined ? {} : decoders[kind](req.body);
    const job = await applyAndReturn(id, { ...commandContext(res, deps.log.clock.now()), kind, ...options }, deps);
    deps.servedVersions.record(job);
    res.setHeader('ETag', entityTag(job.version));
    sendJson(res, 200, jobView(job));
  };
}

/** Applies a command to a job and returns the job after it; cancelling twice succeeds both times. */
async function applyAndReturn(id: string, command: ChangeCommand, deps: ApiDeps): Promise<Job> {
  const applied = await applyCommand({ id }, command, deps);
  if (applied === undefined) throw noSuchJob();
  const { job, rejection } = applied;
  if (rejection !== undefined && rejection.kind !== 'already-cancelled') throw problemOfRejection(rejection);
  return job;
}

/** `DELETE /api/jobs/:id/payload`: destroys the key of the job, which makes its contents unreadable everywhere. */
export function erasePayload(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const id = jobIdOf(req, res);
    if ((await findJob(id, deps)) === undefined) throw noSuchJob();
    if (!(await deps.log.contents.shred(id))) throw contentsInClear();
    deps.logger.info({ jobId: id, by: callerOf(res).actor }, 'contents of a job erased');
    const job = await findJob(id, deps);
    if (job === undefined) throw noSuchJob();
    // A job that was created without keys gets one with its result.
    if (!isShredded(job.payload)) throw contentsInClear();
    res.setHeader('ETag', entityTag(job.version));
    sendJson(res, 200, jobView(job));
  };
}

function contentsInClear(): Problem {
  const detail = 'the job was created without PAYLOAD_KEYS, and events cannot be removed from the log';
  return new Problem('contents-in-clear', { detail });
}
