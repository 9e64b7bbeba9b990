import { randomUUIDv7 } from 'node:crypto';
import { evolve, type Job } from '@jobstream/domain';
import type { RequestHandler, Response } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { appendNew } from './appendNew.ts';
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
    const now = Date.now();
    const key = readIdempotencyKey(req);
    const request = decodeCreateJob(req.body, now);
    limitPayload(Number(req.headers['content-length']), request.payload);
    const identity = identityOf(key, req.body);
    const event = newJob({ request, identity, context: commandContext(res, now) });
    res.locals['jobId'] = event.jobId;
    if (await appendNew(event, deps)) return answer(res, 201, evolve(undefined, event));
    const job = await createdEarlier(event.jobId, deps);
    if (!isOfRequest(job, identity)) throw reusedKey();
    res.setHeader('Idempotent-Replayed', 'true');
    answer(res, 200, job);
  };
}

/** Of a decoded body only: one that is too deep cannot be hashed. */
function identityOf(key: string | undefined, body: unknown): NewIdentity {
  return key === undefined ? { jobId: randomUUIDv7() } : identify(key, body);
}

function answer(res: Response, status: number, job: Job | undefined): void {
  if (job === undefined) throw new Error('a created job has a state');
  res.setHeader('Location', `/api/jobs/${job.id}`);
  sendJson(res, status, createdJobView(job));
}
