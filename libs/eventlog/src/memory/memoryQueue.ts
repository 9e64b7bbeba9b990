import type { ReceivedMessage } from '../connection/consumerMessage.ts';
import type { Timers } from '../connection/processTimers.ts';
import { decodeDueDelivery, decodeEventDelivery } from '../queue/delivery.ts';
import { HeldDeliveries } from '../queue/heldDeliveries.ts';
import type { JobQueueOptions, OpenQueue } from '../queue/jobQueueOptions.ts';
import { settleUndelivered } from '../queue/redeliveryGuard.ts';
import { silentSink } from '../connection/logSink.ts';
import type { Deliverer, Subscriber } from './memoryConsumer.ts';

/** Takes the deliveries of one job type in memory, as JobQueue takes those of a server. */
export class MemoryQueue implements OpenQueue, Subscriber {
  readonly ackWaitMs: number;
  readonly #consumer: Deliverer;
  readonly #held: HeldDeliveries;
  readonly #timers: Timers;
  readonly #working = new Set<Promise<void>>();

  constructor(consumer: Deliverer, timers: Timers, options: JobQueueOptions) {
    this.ackWaitMs = options.ackWaitMs;
    this.#consumer = consumer;
    this.#timers = timers;
    this.#held = new HeldDeliveries({ ...options, timers, onAvailable: () => consumer.pull() });
  }

  /** The deliveries that are worked on. */
  get working(): readonly Promise<void>[] {
    return [...this.#working];
  }

  available(): number {
    return this.#held.available();
  }

  take(message: ReceivedMessage): Promise<void> {
    const working: Promise<void> = this.#process(message).finally(() => this.#working.delete(working));
    this.#working.add(working);
    return working;
  }

  async stop(): Promise<void> {
    this.#consumer.unsubscribe(this);
    this.#held.close();
    await Promise.all(this.#working);
    this.#held.stop();
  }

  /** Ends as with the death of its process: nothing that it holds is settled. */
  disconnect(): void {
    this.#consumer.lose(this);
    this.#working.clear();
    this.#held.close();
    this.#held.stop();
  }

  #process(message: ReceivedMessage): Promise<void> {
    const isDue = message.subject.startsWith('timers.');
    const decoded = isDue ? decodeDueDelivery(message, this.#timers.now()) : decodeEventDelivery(message);
    if (decoded.kind === 'delivery') return this.#held.hold(decoded.delivery);
    settleUndelivered(message, decoded, silentSink);
    return Promise.resolve();
  }
}
