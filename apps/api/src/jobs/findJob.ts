import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from '@jobstream/domain';
import { ReadModelUnavailableError, SchemaMismatchError } from '@jobstream/readmodel';
import type { ApiDeps } from '../apiDeps.ts';

// Together with the deadline of the log (4 s) this stays within the 5 s in which every request is answered.
const TABLE_TIMEOUT_MS = 900;

/**
 * The job, from the table if that has it and answers in time, else folded from the log: a job just created is found.
 * Never older than `known`, a version that the client has, nor than what this process showed from the log before.
 */
export async function findJob(id: string, deps: ApiDeps, known = 0): Promise<Job | undefined> {
  const row = (await findInTable(id, deps))?.job;
  if (row !== undefined && row.version >= Math.max(known, deps.served.of(id))) {
    deps.served.forget(id);
    return deps.log.contents.openJob(row);
  }
  const job = (await deps.log.readJob(id))?.job ?? (row && (await deps.log.contents.openJob(row)));
  if (job !== undefined) deps.served.note(job);
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
    logger.warn({ jobId: id, reason: error.message }, 'the log answers for the table');
    return undefined;
  } finally {
    timeout.abort();
  }
}
