import {
  CreateJobRequest,
  creationEvent,
  identityOfKey,
  isSameRequest,
  type NewIdentity,
  type NewJob,
} from '@jobstream/creation';
import { evolve, type Job } from '@jobstream/domain';
import { newId } from '@jobstream/eventlog';
import type { RequestHandler, Response } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { commandContext } from '../../auth/caller.ts';
import { sendJson } from '../../http/sendJson.ts';
import type { PayloadWarning } from '../../payloads/payloadWarning.ts';
import { jsonContent, type EndpointDocs } from '../../routes/endpointDocs.ts';
import { createdJobView, CreatedJobView } from '../view/jobView.ts';
import { appendCheckedJob, existingJob } from './appendCheckedJob.ts';
import { asksForNewer, requireUnderstood } from './requireUnderstood.ts';
import { decodeCreateJob, limitPayload } from './createJobRequest.ts';
import { idempotencyKeyReused, readIdempotencyKey } from './idempotency.ts';

const examples = {
  immediately: { type: 'email', payload: { to: 'user@example.com' } },
  'before others of its type': { type: 'email', payload: { to: 'user@example.com' }, priority: 'high' as const },
  'in an hour, three attempts': { type: 'email', delayMs: 3_600_000, maxAttempts: 3, tags: ['campaign-7'] },
};

export const createJobDocs: EndpointDocs = {
  id: 'createJob',
  tag: 'jobs',
  summary: 'Create a job',
  description:
    'Responds when the job is stored in the event log. The payload is checked against the schema that the workers of the type have announced. With an `Idempotency-Key`, the request can be repeated safely: it creates one job. One that is `unique` is not created while another such job holds its key.',
  headers: ['Idempotency-Key'],
  body: { required: true, content: jsonContent(CreateJobRequest, examples) },
  responses: {
    201: { description: 'The job was created.', headers: ['Location'], content: jsonContent(CreatedJobView) },
    200: {
      description:
        'The job that an earlier request with this `Idempotency-Key` created, or with `existing` the one that holds the unique key, in its current state.',
      headers: ['Location', 'Idempotent-Replayed'],
      content: jsonContent(CreatedJobView),
    },
  },
  problems: [
    'idempotency-key-reused',
    'unique-key-held',
    'too-many-priority-types',
    'upgrade-unfinished',
    'log-unavailable',
    'history-unavailable',
    'log-overloaded',
    'table-unavailable',
    'deadline-exceeded',
  ],
};

/** `POST /api/jobs`: creates a job with one append to the log; a repeated idempotency key returns the existing job. */
export function createJob(deps: ApiDeps): RequestHandler {
  return (req, res) => {
    const now = deps.log.clock.now();
    const key = readIdempotencyKey(req);
    const request = decodeCreateJob(req.body, now);
    limitPayload(Number(req.headers['content-length']), request.payload);
    const identity = identityOf(key, req.body);
    const context = commandContext(res, now);
    return appendAndRespond({ request, identity, context }, res, deps);
  };
}

/** Appends the first event of a job whose request has been decoded, or finds the job of an earlier request with its key. */
export async function appendAndRespond(newJob: NewJob, res: Response, deps: ApiDeps): Promise<void> {
  const { request, identity, context } = newJob;
  const { errors, warnings } = deps.payloads.check({ ...request, tenant: context.tenant, isNew: true });
  if (asksForNewer(request)) await requireUnderstood([request], res, deps);
  const event = creationEvent({ ...newJob, definition: deps.announced.definition(request.type) });
  res.locals['jobId'] = event.jobId;
  const creation = await appendCheckedJob(event, { errors, onConflict: request.unique?.onConflict }, deps);
  if (creation.kind === 'created') return respond(res, 201, { job: evolve(undefined, event), warnings });
  if (creation.kind === 'held') return respond(res, 200, { ...creation.holder, warnings, existing: true });
  const job = await existingJob(event.jobId, deps);
  if (!isSameRequest(job, identity)) throw idempotencyKeyReused();
  res.setHeader('Idempotent-Replayed', 'true');
  respond(res, 200, { job, warnings });
}

/** The body must have been decoded: one that is nested too deep cannot be hashed. */
export function identityOf(key: string | undefined, body: unknown): NewIdentity {
  return key === undefined ? { jobId: newId() } : identityOfKey(key, body);
}

interface Answer {
  readonly job: Job | undefined;
  readonly warnings: readonly PayloadWarning[];
  readonly existing?: true;
  readonly revised?: true;
}

function respond(res: Response, status: number, answer: Answer): void {
  const { job } = answer;
  if (job === undefined) throw new Error('a created job has a state');
  res.setHeader('Location', `/api/jobs/${job.id}`);
  sendJson(res, status, createdJobView(job, answer));
}
