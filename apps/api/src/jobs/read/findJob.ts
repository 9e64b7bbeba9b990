import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from '@jobstream/domain';
import { ReadModelUnavailableError, SchemaMismatchError } from '@jobstream/readmodel';
import type { ApiDeps } from '../../apiDeps.ts';

/**
 * Reads a job from the table, or from the log if the table has not caught up or does not answer in time.
 *
 * @param known a version that the client has: the result is never older, nor older than what this process served
 * before.
 * @returns undefined if neither has the job.
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

async function findInTable(id: string, { table, limits, logger }: ApiDeps) {
  const timeout = new AbortController();
  try {
    const tooLate = pause(limits.tableMs, undefined, { signal: timeout.signal });
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
