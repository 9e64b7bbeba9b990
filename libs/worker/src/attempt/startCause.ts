import type { Delivery } from '@jobstream/eventlog';

/**
 * What the events of an attempt name as their cause: the message, and from its second delivery on which delivery
 * (`<event id>#2`). It tells a redelivery that came late, because this process or its network stood still, from one
 * that came because the attempt's worker is gone.
 */
export function startCause({ causationId, deliveryCount }: Pick<Delivery, 'causationId' | 'deliveryCount'>): string {
  return deliveryCount === 1 ? causationId : `${causationId}#${deliveryCount}`;
}

/**
 * Which delivery of the message an attempt was started by; undefined if it was another message. Workers in other
 * languages may not record the cause, or not which delivery: that counts as this message's first.
 */
export function startingDelivery(startedBy: string | undefined, causationId: string): number | undefined {
  if (startedBy === undefined || startedBy === causationId) return 1;
  if (!startedBy.startsWith(`${causationId}#`)) return undefined;
  return Number(startedBy.slice(causationId.length + 1));
}
