import { randomUUIDv7 } from 'node:crypto';
import { decide, evolve, isRejection, type Job, type JobEvent } from '@jobstream/domain';
import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { Request, RequestHandler, Response } from 'express';
import type { ApiDeps } from './apiDeps.ts';
import { commandContext } from './commandContext.ts';
import { jobSettings } from './createJobRequest.ts';
import { decodeCreateJob } from './decodeCreateJob.ts';
import { identify, readIdempotencyKey, type IdempotentIdentity } from './idempotency.ts';
import { createdJobView } from './jobView.ts';
import { limitPayload } from './limitPayload.ts';
import { Problem } from './problem.ts';
import { rejectionProblem } from './rejectionProblem.ts';
import { sendJson } from './sendJson.ts';

type Identity = IdempotentIdentity | { readonly jobId: string; readonly fingerprint?: never };

/** `POST /api/jobs`: one append to the log; a key that was used before leads to the job that it made then. */
export function createJob(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const identity = identityOf(req);
    const event = jobCreated(req, res, identity);
    res.locals['jobId'] = identity.jobId;
    if (await appendedFirst(event, deps)) return answer(res, 201, evolve(undefined, event));
    const job = await createdEarlier(identity.jobId, deps);
    if (job.fingerprint !== identity.fingerprint) throw reusedKey();
    res.setHeader('Idempotent-Replayed', 'true');
    answer(res, 200, job);
  };
}

function identityOf(req: Request): Identity {
  const key = readIdempotencyKey(req);
  return key === undefined ? { jobId: randomUUIDv7() } : identify(key, req.body);
}

function jobCreated(req: Request, res: Response, identity: Identity): JobEvent {
  const now = Date.now();
  const request = decodeCreateJob(req.body, now);
  limitPayload(req, request.payload);
  const settings = jobSettings(request, now);
  const decision = decide({ command: 'CreateJob', ...commandContext(res, now), ...identity, ...settings }, undefined);
  if (isRejection(decision)) throw rejectionProblem(decision);
  return decision;
}

/** False when the job exists: only an id that was derived from a key can be there already. */
async function appendedFirst(event: JobEvent, { log }: ApiDeps): Promise<boolean> {
  try {
    await log.append(event, 0);
    return true;
  } catch (error) {
    if (error instanceof ConcurrentAppendError) return false;
    throw error;
  }
}

/** The log knows best; the table may know jobs that the log has let go. */
async function createdEarlier(id: string, { log, table }: ApiDeps): Promise<Job> {
  const found = (await log.readJob(id)) ?? (await table.findJob(id));
  if (found === undefined) throw new Problem('log-unavailable');
  return found.job;
}

function reusedKey(): Problem {
  const detail = 'the first request with this key had another body';
  return new Problem('idempotency-key-reused', { detail, errors: [{ header: 'Idempotency-Key', detail }] });
}

function answer(res: Response, status: number, job: Job | undefined): void {
  if (job === undefined) throw new Error('a created job has a state');
  res.setHeader('Location', `/api/jobs/${job.id}`);
  sendJson(res, status, createdJobView(job));
}
