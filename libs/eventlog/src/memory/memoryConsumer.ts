import type { ReceivedMessage } from '../connection/consumerMessage.ts';
import type { Timers } from '../connection/processTimers.ts';
import { priorityOf } from '../streams/jobSubjects.ts';
import { MemoryMessage, type MessageSettlement, type WorkMessage } from './memoryMessage.ts';
import { ReadyWork } from './readyWork.ts';

/** A queue that takes messages of a consumer. */
export interface Subscriber {
  readonly ackWaitMs: number;
  /** How many messages it can take now. */
  available(): number;
  /** Resolves when it works on the message no longer. */
  take(message: ReceivedMessage): Promise<void>;
}

interface Work {
  readonly message: WorkMessage;
  deliveries: number;
}

/** A delivery that was not settled yet. */
interface Held {
  readonly work: Work;
  readonly subscriber: Subscriber;
}

/** What delivers the messages of a job type to queues. */
export type Deliverer = Pick<MemoryConsumer, 'add' | 'subscribe' | 'unsubscribe' | 'lose' | 'pull'>;

/**
 * The messages that call for work on one job type. Each is delivered to one of the subscribers, and again when that asks
 * for it, or when it has left the message unsettled, or has gone, for as long as its ack wait.
 */
export class MemoryConsumer {
  readonly #timers: Timers;
  readonly #mayDeliver: () => boolean;
  readonly #ready = new ReadyWork<Work>(({ message }) => priorityOf(message.subject));
  readonly #held = new Set<Held>();
  readonly #subscribers: Subscriber[] = [];
  #serial = 0;

  constructor(timers: Timers, mayDeliver: () => boolean) {
    this.#timers = timers;
    this.#mayDeliver = mayDeliver;
  }

  /** Adds a message that was stored. */
  add(message: WorkMessage): void {
    this.#ready.add({ message, deliveries: 0 });
    this.pull();
  }

  subscribe(subscriber: Subscriber): void {
    this.#subscribers.push(subscriber);
    this.pull();
  }

  /** Delivers nothing more to the subscriber; what it holds comes back after its ack wait. */
  unsubscribe(subscriber: Subscriber): void {
    const index = this.#subscribers.indexOf(subscriber);
    if (index >= 0) this.#subscribers.splice(index, 1);
  }

  /** As `unsubscribe` for one that is gone: it cannot settle what it holds any more. */
  lose(subscriber: Subscriber): void {
    this.unsubscribe(subscriber);
    for (const held of this.#held) if (held.subscriber === subscriber) this.#settle(held, this.#unanswered(held));
  }

  /** Delivers what can be delivered now. */
  pull(): void {
    while (this.#mayDeliver() && this.#ready.size > 0) {
      const subscriber = this.#subscribers.find((one) => one.available() > 0);
      const work = subscriber && this.#ready.take();
      if (work === undefined || subscriber === undefined) return;
      this.#deliver(work, subscriber);
    }
  }

  #deliver(work: Work, subscriber: Subscriber): void {
    const held = { work, subscriber };
    this.#held.add(held);
    const place = { count: ++work.deliveries, serial: ++this.#serial };
    const message = new MemoryMessage(work.message, place, (settlement) => this.#settle(held, settlement));
    void subscriber.take(message).then(() => this.#settle(held, this.#unanswered(held)));
  }

  #unanswered({ subscriber }: Held): MessageSettlement {
    return { kind: 'again', delayMs: subscriber.ackWaitMs };
  }

  #settle(held: Held, settlement: MessageSettlement): void {
    if (!this.#held.delete(held) || settlement.kind === 'done') return;
    if (settlement.delayMs === 0) return this.#redeliver(held.work);
    this.#timers.setTimeout(() => this.#redeliver(held.work), settlement.delayMs);
  }

  /** Before what was not delivered yet, as nats-server does. */
  #redeliver(work: Work): void {
    this.#ready.putBack(work);
    this.pull();
  }
}
