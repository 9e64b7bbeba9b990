import type { Delivery, JobSnapshot } from '@jobstream/eventlog';

/** Whether the state knows the message that calls for work. A timer says nothing about how new a state must be. */
export function isFresh(snapshot: JobSnapshot | undefined, { recorded }: Pick<Delivery, 'recorded'>): boolean {
  return (snapshot?.sequence ?? 0) >= (recorded?.sequence ?? 0);
}
