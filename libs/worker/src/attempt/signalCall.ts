import { isDue, type Job } from '@jobstream/domain';
import type { Delivery } from '@jobstream/eventlog';
import { startingDelivery } from './startCause.ts';

/** When the signal was given that a message is; undefined for any other message. */
export function signalledAt({ recorded }: Pick<Delivery, 'recorded'>): string | undefined {
  return recorded?.event.event === 'JobSignalled' ? recorded.event.at : undefined;
}

/**
 * Whether a message is a signal that calls for nothing: the job does not wait for it. Not so where an attempt has begun by this very
 * message, which is left to the rules of redelivery.
 */
export function isNotCalled(
  { status, runAt, startedBy }: Pick<Job, 'status' | 'runAt' | 'startedBy'>,
  delivery: Pick<Delivery, 'recorded' | 'causationId'>,
): boolean {
  const signalled = signalledAt(delivery);
  if (signalled === undefined) return false;
  if (startedBy !== undefined && startingDelivery(startedBy, delivery.causationId) !== undefined) return false;
  return status !== 'waiting' || runAt === undefined || !isDue(runAt, signalled);
}
