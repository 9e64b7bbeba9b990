import type { Delivery } from '@jobstream/eventlog';

/** A delivery that answers like another one, but for what is changed. */
export function altered(delivery: Delivery, changes: Partial<Delivery>): Delivery {
  return {
    ...delivery,
    takeSlot: () => delivery.takeSlot(),
    freeSlot: () => delivery.freeSlot(),
    ack: () => delivery.ack(),
    release: (delayMs) => delivery.release(delayMs),
    keepAlive: () => delivery.keepAlive(),
    ...changes,
  };
}
