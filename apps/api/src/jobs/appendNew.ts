import type { JobEvent } from '@jobstream/domain';
import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { ApiDeps } from '../apiDeps.ts';

type AppendDeps = Pick<ApiDeps, 'log' | 'table'>;

/** Jobs of a batch that are looked for at once. */
const LANES = 50;

/** Appends the first event of a job. False when the job exists: only an id that was derived from a key can be there already. */
export function appendNew(event: JobEvent, deps: AppendDeps): Promise<boolean> {
  return unlessThere([event], () => deps.log.append(event, 0), deps);
}

/** The same for many jobs, all or none. False when one of them exists; then nothing was stored. */
export function appendAllNew(events: readonly JobEvent[], deps: AppendDeps): Promise<boolean> {
  return unlessThere(events, () => deps.log.appendAll(events), deps);
}

async function unlessThere(
  events: readonly JobEvent[],
  append: () => Promise<number>,
  { log, table }: AppendDeps,
): Promise<boolean> {
  // The log itself takes a job that it has forgotten for a new one.
  if (log.expiresPermanently && (await isInTable(events.filter(hasKey), table))) return false;
  try {
    await append();
    return true;
  } catch (error) {
    if (error instanceof ConcurrentAppendError) return false;
    throw error;
  }
}

function hasKey({ event, data }: JobEvent): boolean {
  return event === 'JobCreated' && data.idempotencyKey !== undefined;
}

async function isInTable(events: readonly JobEvent[], table: ApiDeps['table']): Promise<boolean> {
  for (let looked = 0; looked < events.length; looked += LANES) {
    const rows = await Promise.all(events.slice(looked, looked + LANES).map(({ jobId }) => table.findJob(jobId)));
    if (rows.some((row) => row !== undefined)) return true;
  }
  return false;
}
