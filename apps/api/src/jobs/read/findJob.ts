import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from '@jobstream/domain';
import { ReadModelUnavailableError, SchemaMismatchError } from '@jobstream/readmodel';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { callerOf, visibleTo } from '../../auth/caller.ts';
import { withinDeadline } from '../../http/withinDeadline.ts';
import { jobIdOf, noSuchJob } from '../view/jobPath.ts';

// The handler behind it takes its own time, and the sum should still be an answer.
const DEADLINE_MS = 2_400;

// Together with the deadline of the log (4 s) this stays within the 5 s in which every request is answered.
const TABLE_TIMEOUT_MS = 900;

/**
 * The job, from the table if that has it and answers in time, else folded from the log: a job just created is found.
 * Never older than `known`, a version that the client has, nor than what this process showed from the log before.
 */
export async function findJob(id: string, deps: ApiDeps, known = 0): Promise<Job | undefined> {
  const row = (await findInTable(id, deps))?.job;
  if (row !== undefined && row.version >= Math.max(known, deps.servedVersions.of(id))) {
    deps.servedVersions.clear(id);
    return deps.log.contents.openJob(row);
  }
  const job = (await deps.log.readJob(id))?.job ?? (row && (await deps.log.contents.openJob(row)));
  if (job !== undefined) deps.servedVersions.record(job);
  return job;
}

async function findInTable(id: string, { table, logger }: ApiDeps) {
  const timeout = new AbortController();
  try {
    const tooLate = pause(TABLE_TIMEOUT_MS, undefined, { signal: timeout.signal });
    tooLate.catch(() => {});
    const answer = table.findJob(id);
    return await Promise.race([answer, tooLate]);
  } catch (error) {
    if (!(error instanceof ReadModelUnavailableError || error instanceof SchemaMismatchError)) throw error;
    logger.warn({ jobId: id, reason: error.message }, 'read model unavailable, reading the job from the event log');
    return undefined;
  } finally {
    timeout.abort();
  }
}

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
