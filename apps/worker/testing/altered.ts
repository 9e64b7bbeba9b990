import type { Delivery } from '@jobstream/eventlog';

/** A delivery that answers like another one, but for what is changed. */
export function altered(delivery: Delivery, changes: Partial<Delivery>): Delivery {
  return {
    ...delivery,
    acquireSlot: () => delivery.acquireSlot(),
    releaseSlot: () => delivery.releaseSlot(),
    ack: () => delivery.ack(),
    nak: (delayMs) => delivery.nak(delayMs),
    keepAlive: () => delivery.keepAlive(),
    ...changes,
  };
}
