import { CreateJobRequest } from '@jobstream/creation';
import { dueTimeFaults, isTerminal, type Job, uniqueFaults } from '@jobstream/domain';
import { isShredded, isUnreadable } from '@jobstream/eventlog';
import * as Schema from 'effect/Schema';
import type { Request, RequestHandler } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { commandContext } from '../../auth/caller.ts';
import { bodyDecoder, findJsonFaults, invalidRequest } from '../../http/parsing/decodeBody.ts';
import { Problem } from '../../problems/problem.ts';
import { jsonContent, type EndpointDocs } from '../../routes/endpointDocs.ts';
import { findJob } from '../read/findJob.ts';
import { jobIdOf, JobPath, noSuchJob } from '../view/jobPath.ts';
import { appendAndRespond, createJobDocs, identityOf } from '../create/createJob.ts';
import { limitPayload } from '../create/createJobRequest.ts';
import { readIdempotencyKey } from '../create/idempotency.ts';
import { originOfRepetition, requestLike } from '../create/repeatedJob.ts';

const { type: _type, ...overrides } = CreateJobRequest.fields;

/** The optional body of `POST /api/jobs/:id/rerun`. */
const RerunRequest = Schema.Struct({
  ...overrides,
  reason: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1_000))),
});

const decode = bodyDecoder(RerunRequest);

export const rerunJobDocs: EndpointDocs = {
  ...createJobDocs,
  id: 'rerunJob',
  summary: 'Rerun a job',
  description:
    'Creates a job like one that has ended, with `rerunOf`: the same type, payload and options, unless the body has others. It is due at once, unless the body says when. With an `Idempotency-Key`, the request can be repeated safely.',
  path: JobPath,
  body: {
    required: false,
    content: jsonContent(RerunRequest, {
      'with a reason': { reason: 'the invoice was wrong' },
      'with another payload': { payload: { to: 'user@example.com' }, maxAttempts: 1 },
    }),
  },
  problems: ['job-not-found', 'illegal-transition', 'job-unreadable', ...(createJobDocs.problems ?? [])],
};

/** `POST /api/jobs/:id/rerun`: a new job of the same tenant; the first one stays as it is. */
export function rerunJob(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const now = deps.log.clock.now();
    const id = jobIdOf(req, res);
    const key = readIdempotencyKey(req);
    const { reason, ...given } = decodeRerun(req, now);
    const job = await findJob(id, deps);
    if (job === undefined) throw noSuchJob();
    assertRepeatable(job, given);
    const identity = identityOf(key, { rerunOf: id, ...req.body });
    const origin = originOfRepetition(job, reason);
    const { tenant: _tenant, ...context } = commandContext(res, now);
    const ofJob = job.tenant === undefined ? context : { ...context, tenant: job.tenant };
    const request = requestLike(job, given);
    const faults = uniqueFaults(request);
    if (faults.length > 0) throw invalidRequest(faults);
    await appendAndRespond({ request, identity, origin, context: ofJob }, res, deps);
  };
}

/** @throws Problem `invalid-request`, `payload-too-large` */
function decodeRerun(req: Request, now: number): typeof RerunRequest.Type {
  if (req.body === undefined) return {};
  const request = decode(req.body, [...dueTimeFaults(req.body, now), ...findJsonFaults(req.body)]);
  limitPayload(Number(req.headers['content-length']), request.payload);
  return request;
}

function assertRepeatable({ status, payload, unreadableEvents }: Job, given: { readonly payload?: unknown }): void {
  if (unreadableEvents !== undefined) {
    throw new Problem('job-unreadable', { detail: 'the job has events of a newer release, so it may not have ended' });
  }
  if (!isTerminal(status)) throw refused(`the job is ${status}: only a job that has ended can be rerun`);
  if (given.payload !== undefined) return;
  if (isShredded(payload)) throw refused('the payload of the job was erased: a rerun needs another one');
  if (isUnreadable(payload)) throw refused('the key of the payload is not known here: a rerun needs another one');
}

function refused(detail: string): Problem {
  return new Problem('illegal-transition', { detail });
}
