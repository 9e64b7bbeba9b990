import type { Job } from '../job.ts';
import type { JobEventOf } from '../jobEvent.ts';
import type { OnConflict } from '../settings/unique.ts';

/**
 * What a later request gives the job that holds its unique key: its payload, and if it is debounced its due time. That never gets
 * earlier, so that the timer which is set finds the job before it is due, and is set again.
 */
export function revisionBy(
  { payload, runAt, delayMs }: Pick<JobEventOf<'JobCreated'>['data'], 'payload' | 'runAt' | 'delayMs'>,
  onConflict: OnConflict,
  { runAt: before = '' }: Pick<Job, 'runAt'>,
) {
  const isPutOff = onConflict === 'debounce' && runAt !== undefined && runAt > before;
  if (!isPutOff) return { payload };
  return delayMs === undefined ? { payload, runAt } : { payload, runAt, delayMs };
}
