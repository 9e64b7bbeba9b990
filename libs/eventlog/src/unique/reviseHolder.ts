import { decide, evolve, isRejection, type Job, type JobEventOf, type OnConflict, revisionBy } from '@jobstream/domain';
import { decideAgain } from '../append/decideAgain.ts';
import { newId } from '../newId.ts';
import type { UniqueDeps } from './holders.ts';

/**
 * Gives the job that holds a unique key what a later request asks for; see `revisionBy`.
 *
 * @returns undefined if the job does not wait for its first start any more.
 */
export function reviseHolder(
  holder: Job,
  { at, actor, data }: JobEventOf<'JobCreated'>,
  { log, onConflict }: Pick<UniqueDeps, 'log'> & { readonly onConflict: OnConflict },
): Promise<Job | undefined> {
  return decideAgain(async () => {
    const snapshot = await log.readJob(holder.id, holder.type);
    if (snapshot === undefined) return undefined;
    const { job, sequence } = snapshot;
    const revision = revisionBy(data, onConflict, job);
    const event = decide({ kind: 'ReviseJob', eventId: newId(), at, actor, ...revision }, job);
    if (isRejection(event)) return undefined;
    await log.append(event, sequence);
    return evolve(job, event);
  });
}
