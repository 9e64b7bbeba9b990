import { fold, type Job, type JobEvent } from '@jobstream/domain';
import type { Request, RequestHandler, Response } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { appendAllNew, appendNew } from '../jobs/appendNew.ts';
import { commandContext } from '../jobs/commandContext.ts';
import { createdEarlier, findEarlier } from '../jobs/createdEarlier.ts';
import { isOfRequest, reusedKey } from '../jobs/idempotency.ts';
import { newJob } from '../jobs/newJob.ts';
import { sendJson } from '../http/sendJson.ts';
import { batchIdentities } from './batchIdentities.ts';
import { decodeBatch } from './batchRequest.ts';

/** Jobs of a repeated batch that are worked on at once. */
const LANES = 50;

/** `POST /api/jobs/batch`: all jobs or none, in one atomic write; a key leads to the jobs that it made before. */
export function createBatch(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const events = creations(req, res);
    if (await appendAllNew(events, deps)) return answer(res, 201, events.map(created));
    const jobs = await jobsOfEarlier(events, deps);
    res.setHeader('Idempotent-Replayed', 'true');
    answer(res, 200, jobs);
  };
}

function creations(req: Request, res: Response): readonly JobEvent[] {
  const now = Date.now();
  const requests = decodeBatch(req, now);
  const identities = batchIdentities(req, requests.length);
  return identities.flatMap((identity, index) => {
    const request = requests[index];
    return request === undefined ? [] : [newJob({ request, identity, context: commandContext(res, now) })];
  });
}

/**
 * The jobs that were made before, as they are now. An erased one does not tell of which request it is, so all are asked
 * before anything is made. Of a batch that a power cut went through, what is missing is created now.
 */
async function jobsOfEarlier(events: readonly JobEvent[], deps: ApiDeps): Promise<readonly Job[]> {
  const [first] = events;
  if (first === undefined) return [];
  let earlier = await findAll(events, deps);
  if (earlier.every((job) => job === undefined)) {
    await createdEarlier(first.jobId, deps);
    earlier = await findAll(events, deps);
  }
  const request = created(first);
  if (earlier.some((job) => job !== undefined && !isOfRequest(job, request))) throw reusedKey();
  return inLanes(events, async (event, index) => earlier[index] ?? newOrEarlier(event, deps));
}

function findAll(events: readonly JobEvent[], deps: ApiDeps): Promise<readonly (Job | undefined)[]> {
  return inLanes(events, ({ jobId }) => findEarlier(jobId, deps));
}

async function inLanes<Result>(
  events: readonly JobEvent[],
  work: (event: JobEvent, index: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let done = 0; done < events.length; done += LANES) {
    const some = events.slice(done, done + LANES);
    results.push(...(await Promise.all(some.map((event, index) => work(event, done + index)))));
  }
  return results;
}

async function newOrEarlier(event: JobEvent, deps: ApiDeps): Promise<Job> {
  return (await appendNew(event, deps)) ? created(event) : createdEarlier(event.jobId, deps);
}

function created(event: JobEvent): Job {
  const job = fold([event]);
  if (job === undefined) throw new Error('a created job has a state');
  return job;
}

function answer(res: Response, status: number, jobs: readonly Job[]): void {
  sendJson(res, status, { jobs: jobs.map(({ id, status: state }) => ({ id, status: state })) });
}
