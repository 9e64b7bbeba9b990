import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from '@jobstream/domain';
import type { ApiDeps } from '../apiDeps.ts';
import { Problem } from '../problems/problem.ts';

/** A creation that lost may learn so a moment before the winner can be read. */
const LOOKS = 10;
const PAUSE_MS = 50;

type EarlierDeps = Pick<ApiDeps, 'log' | 'table' | 'served'>;

/** The job that made a creation conflict, which the caller will be shown. The log knows best; the table may know jobs that the log has let go. */
export async function createdEarlier(id: string, deps: EarlierDeps): Promise<Job> {
  for (let looks = 1; looks <= LOOKS; looks++) {
    const job = await findEarlier(id, deps);
    if (job !== undefined) return job;
    await pause(PAUSE_MS);
  }
  throw new Problem('log-unavailable');
}

/** The same, or undefined if there is none. */
export async function findEarlier(id: string, { log, table, served }: EarlierDeps): Promise<Job | undefined> {
  const job = (await log.readJob(id))?.job ?? (await table.findJob(id))?.job;
  if (job !== undefined) served.note(job);
  return job && log.contents.openJob(job);
}
