import {
  decide,
  evolve,
  isCreation,
  isRejection,
  type Job,
  type JobEvent,
  type OnConflict,
  revisionBy,
} from '@jobstream/domain';
import { decideAgain } from '../append/decideAgain.ts';
import { newId } from '../newId.ts';
import { isShredded } from '../sealing/sealedEvent.ts';
import type { Holder } from './claimedEvents.ts';
import type { UniqueDeps } from './holders.ts';

/**
 * Gives the job that holds a unique key what a later request asks for; see `revisionBy`. One that this release cannot read stays as it
 * is, and one whose contents were erased: the key that would encrypt another payload is destroyed.
 *
 * @returns undefined if the job may not be revised any more.
 * @throws ConcurrentAppendError after eight tries.
 */
export async function reviseHolder(
  holder: Job,
  creation: JobEvent,
  { log, onConflict }: Pick<UniqueDeps, 'log'> & { readonly onConflict: OnConflict },
): Promise<Holder | undefined> {
  if (!isCreation(creation)) return { job: holder };
  const { at, actor, data } = creation;
  return decideAgain(async () => {
    const snapshot = await log.readJob(holder.id, holder.type);
    if (snapshot === undefined) return undefined;
    const { job, sequence } = snapshot;
    if (isShredded(job.payload)) return { job };
    const event = decide({ kind: 'ReviseJob', eventId: newId(), at, actor, ...revisionBy(data, onConflict, job) }, job);
    if (isRejection(event)) return event.kind === 'illegal-transition' ? undefined : { job };
    await log.append(event, sequence);
    return { job: evolve(job, event) ?? job, revised: true };
  });
}
