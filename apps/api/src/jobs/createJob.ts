import { randomUUIDv7 } from 'node:crypto';
import { evolve, type Job, type JobEvent } from '@jobstream/domain';
import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { Request, RequestHandler, Response } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { commandContext } from './commandContext.ts';
import { createdEarlier } from './createdEarlier.ts';
import { decodeCreateJob } from './decodeCreateJob.ts';
import { identify, isOfRequest, readIdempotencyKey, reusedKey } from './idempotency.ts';
import { createdJobView } from './jobView.ts';
import { limitPayload } from './limitPayload.ts';
import { newJob, type NewIdentity } from './newJob.ts';
import { sendJson } from '../http/sendJson.ts';

/** `POST /api/jobs`: one append to the log; a key that was used before leads to the job that it made then. */
export function createJob(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const identity = identityOf(req);
    const event = jobCreated(req, res, identity);
    res.locals['jobId'] = event.jobId;
    if (await appendedFirst(event, deps)) return answer(res, 201, evolve(undefined, event));
    const job = await createdEarlier(event.jobId, deps);
    if (!isOfRequest(job, identity)) throw reusedKey();
    res.setHeader('Idempotent-Replayed', 'true');
    answer(res, 200, job);
  };
}

function identityOf(req: Request): NewIdentity {
  const key = readIdempotencyKey(req);
  return key === undefined ? { jobId: randomUUIDv7() } : identify(key, req.body);
}

function jobCreated(req: Request, res: Response, identity: NewIdentity): JobEvent {
  const now = Date.now();
  const request = decodeCreateJob(req.body, now);
  limitPayload(Number(req.headers['content-length']), request.payload);
  return newJob({ request, identity, context: commandContext(res, now) });
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

function answer(res: Response, status: number, job: Job | undefined): void {
  if (job === undefined) throw new Error('a created job has a state');
  res.setHeader('Location', `/api/jobs/${job.id}`);
  sendJson(res, status, createdJobView(job));
}
