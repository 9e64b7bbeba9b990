import { hash } from 'node:crypto';
import { appendNewJob, CreateJobRequest, creationEvent, isSameRequest, type NewIdentity } from '@jobstream/creation';
import {
  canonicalJson,
  fold,
  type Job,
  type JobEvent,
  JobId,
  JobStatus,
  type OnConflict,
  uuidV8,
} from '@jobstream/domain';
import { type Holder, mapConcurrently, newId } from '@jobstream/eventlog';
import * as Schema from 'effect/Schema';
import type { Request, RequestHandler, Response } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { commandContext } from '../../auth/caller.ts';
import { type BodyOf, sendJson } from '../../http/sendJson.ts';
import { type PayloadWarning, unlessEmpty, warningsField } from '../../payloads/payloadWarning.ts';
import { jsonContent, type EndpointDocs } from '../../routes/endpointDocs.ts';
import { appendCheckedJobs, existingJob, findExistingJob } from './appendCheckedJob.ts';
import { checkBatch, decodeBatch, MAX_BATCH_JOBS } from './batchRequest.ts';
import { requireUnderstood } from './requireUnderstood.ts';
import { CreatedJobView } from '../view/jobView.ts';
import { idempotencyKeyReused, readIdempotencyKey } from './idempotency.ts';

/** The body of `POST /api/jobs/batch`. It is decoded job by job, so that each mistake has its pointer. */
const BatchRequest = Schema.Struct({
  jobs: Schema.Array(CreateJobRequest).check(Schema.isBetweenLength(1, MAX_BATCH_JOBS)),
});

/** The response of `POST /api/jobs/batch`: the jobs in the order of the request. */
const BatchView = Schema.Struct({
  jobs: Schema.Array(
    Schema.Struct({
      id: JobId,
      status: JobStatus,
      existing: CreatedJobView.fields.existing,
      revised: CreatedJobView.fields.revised,
    }),
  ),
  warnings: warningsField,
}).annotate({ identifier: 'Batch' });

const examples = { 'two jobs': { jobs: [{ type: 'email' }, { type: 'email', delayMs: 60_000 }] } };

export const createBatchDocs: EndpointDocs = {
  id: 'createJobs',
  tag: 'many jobs',
  summary: 'Create up to 1,000 jobs, all or none',
  description:
    'In one atomic write to the log. An `Idempotency-Key` applies to the whole batch. The body may have up to 8 MiB.',
  headers: ['Idempotency-Key'],
  body: { required: true, content: jsonContent(BatchRequest, examples) },
  responses: {
    201: {
      description: 'All jobs were created, but for those whose unique keys others hold.',
      content: jsonContent(BatchView),
    },
    200: {
      description:
        'The jobs that an earlier request with this `Idempotency-Key` created, in their current state; or those that hold the unique keys of all members.',
      headers: ['Idempotent-Replayed'],
      content: jsonContent(BatchView),
    },
  },
  problems: [
    'idempotency-key-reused',
    'unique-key-held',
    'too-many-priority-types',
    'upgrade-unfinished',
    'log-unavailable',
    'log-overloaded',
    'table-unavailable',
    'deadline-exceeded',
  ],
};

/**
 * `POST /api/jobs/batch`: creates all jobs or none in one atomic append; a repeated key returns the jobs that exist.
 */
export function createBatch(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const now = deps.log.clock.now();
    const requests = decodeBatch(req, now);
    const { errors, warnings } = checkBatch(requests, commandContext(res, now).tenant, deps.payloads);
    await requireUnderstood(requests, res, deps);
    const events = creations(req, requests, { context: () => commandContext(res, now), announced: deps.announced });
    const creation = await appendCheckedJobs(events, { errors, onConflict: conflictsOf(events, requests) }, deps);
    if (creation.kind === 'created') {
      const members = events.map((event) => memberOf(event, creation.held.get(event.jobId)));
      return respond(res, members.every(({ existing }) => existing) ? 200 : 201, members, warnings);
    }
    const members = await existingJobs(events, deps);
    res.setHeader('Idempotent-Replayed', 'true');
    respond(res, 200, members, warnings);
  };
}

function creations(
  req: Request,
  requests: readonly CreateJobRequest[],
  { context, announced }: { context: () => ReturnType<typeof commandContext>; announced: ApiDeps['announced'] },
): readonly JobEvent[] {
  const identities = batchIdentities(req, requests.length);
  return identities.flatMap((identity, index) => {
    const request = requests[index];
    if (request === undefined) return [];
    return [creationEvent({ request, identity, definition: announced.definition(request.type), context: context() })];
  });
}

/**
 * Returns the existing jobs of a repeated batch in their current state.
 *
 * An erased job does not tell of which request it is, so all are read before any is created. Jobs that a power failure
 * lost are created now.
 */
async function existingJobs(events: readonly JobEvent[], deps: ApiDeps): Promise<readonly Member[]> {
  const [first] = events;
  if (first === undefined) return [];
  let earlier = await findAll(events, deps);
  if (earlier.every((job) => job === undefined)) {
    await existingJob(first.jobId, deps);
    earlier = await findAll(events, deps);
  }
  const request = created(first);
  if (earlier.some((job) => job !== undefined && !isSameRequest(job, request))) throw idempotencyKeyReused();
  return mapConcurrently(events, async (event, index) => {
    const job = earlier[index];
    return job === undefined ? createMissing(event, deps) : { job };
  });
}

function findAll(events: readonly JobEvent[], deps: ApiDeps): Promise<readonly (Job | undefined)[]> {
  return mapConcurrently(events, ({ jobId }) => findExistingJob(jobId, deps));
}

async function createMissing(event: JobEvent, deps: ApiDeps): Promise<Member> {
  const creation = await appendNewJob(event, deps);
  if (creation.kind === 'exists') return { job: await existingJob(event.jobId, deps) };
  return memberOf(event, creation.kind === 'held' ? creation.holder : undefined);
}

function created(event: JobEvent): Job {
  const job = fold([event]);
  if (job === undefined) throw new Error('a created job has a state');
  return job;
}

function conflictsOf(
  events: readonly JobEvent[],
  requests: readonly CreateJobRequest[],
): ReadonlyMap<string, OnConflict> {
  return new Map(
    events.flatMap(({ jobId }, index) => {
      const wish = requests[index]?.unique?.onConflict;
      return wish === undefined ? [] : [[jobId, wish]];
    }),
  );
}

interface Member {
  readonly job: Job;
  readonly existing?: true;
  readonly revised?: true;
}

function memberOf(event: JobEvent, holder: Holder | undefined): Member {
  return holder === undefined ? { job: created(event) } : { ...holder, existing: true };
}

function respond(res: Response, status: number, members: readonly Member[], warnings: readonly PayloadWarning[]): void {
  const body: BodyOf<typeof BatchView> = {
    jobs: members.map(({ job: { id, status: state }, existing, revised }) => ({
      id,
      status: state,
      existing,
      revised,
    })),
    warnings: unlessEmpty(warnings),
  };
  sendJson(res, status, body);
}

/**
 * Assigns the ids of a batch. With an `Idempotency-Key`, an id is derived from the key and the index, and the
 * fingerprint is that of the whole body.
 *
 * A line break, which no key contains, separates these ids from those of single jobs.
 */
function batchIdentities(req: Request, count: number): readonly NewIdentity[] {
  const key = readIdempotencyKey(req);
  if (key === undefined) return Array.from({ length: count }, () => ({ jobId: newId() }));
  const fingerprint = hash('sha256', canonicalJson(req.body));
  return Array.from({ length: count }, (_, index) => {
    const digest = hash('sha256', `${key}\n${index}`);
    return { jobId: uuidV8(digest), idempotencyKey: digest, fingerprint };
  });
}
