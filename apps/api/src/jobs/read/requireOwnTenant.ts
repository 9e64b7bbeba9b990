import { JobUnreadableError } from '@jobstream/eventlog';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { callerOf, visibleTo } from '../../auth/caller.ts';
import { withinDeadline } from '../../http/withinDeadline.ts';
import { jobIdOf, noSuchJob } from '../view/jobPath.ts';
import { findJob } from './findJob.ts';

/**
 * Makes a handler that hides jobs of other tenants from a caller with a tenant.
 *
 * It costs such callers one more read, in one place for all operations; the tenant of a job never changes.
 */
export function requireOwnTenant(deps: ApiDeps): RequestHandler {
  return withinDeadline(async (req, res, next) => {
    const caller = callerOf(res);
    if (caller.tenant === undefined) return next();
    const job = await findJob(jobIdOf(req, res), deps).catch(undefinedIfUnreadable);
    if (job === undefined || !visibleTo(caller)(job)) throw noSuchJob();
    next();
  }, 'ownerMs');
}

/** Whose job it is cannot be read either. */
function undefinedIfUnreadable(error: unknown): undefined {
  if (error instanceof JobUnreadableError) return undefined;
  throw error;
}
