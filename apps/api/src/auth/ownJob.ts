import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { findJob } from '../jobs/findJob.ts';
import { jobIdOf, noSuchJob } from '../jobs/jobIdOf.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { callerOf } from './caller.ts';
import { visibleTo } from './visibleTo.ts';

// The handler behind it takes its own time, and the sum should still be an answer.
const DEADLINE_MS = 2_400;

/**
 * Lets callers with a tenant pass to the jobs of that tenant alone: any other is as good as not there. One more look for
 * them, but in one place for all that is done with a job; the tenant of a job never changes.
 */
export function ownJob(deps: ApiDeps): RequestHandler {
  return withinDeadline(async (req, res, next) => {
    const caller = callerOf(res);
    if (caller.tenant === undefined) return next();
    const job = await findJob(jobIdOf(req, res), deps);
    if (job === undefined || !visibleTo(caller)(job)) throw noSuchJob();
    next();
  }, DEADLINE_MS);
}
