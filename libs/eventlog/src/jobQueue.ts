import type { Connection } from './connection.ts';
import type { Delivery } from './delivery.ts';
import { decodeDueDelivery, decodeEventDelivery } from './deliveryCodec.ts';
import type { LogSink } from './logSink.ts';
import { PullLoop } from './pullLoop.ts';
import { SlotPool } from './slotPool.ts';
import { JOBS_STREAM, TIMERS_STREAM } from './streams.ts';
import { dueConsumer, workerConsumer } from './workConsumers.ts';

export interface JobQueueOptions {
  readonly jobType: string;
  /** Deliveries worked on at once. */
  readonly concurrency: number;
  readonly ackWaitMs: number;
  /** Must not reject; the delivery's slot is free again when the promise settles. */
  readonly onDelivery: (delivery: Delivery) => Promise<void>;
}

/**
 * Deliveries of one job type, from the log and from timers that are due. Both sources share the slots; what arrives while
 * all are taken is kept alive until its turn, so nothing is redelivered only because this process is busy.
 */
export class JobQueue {
  readonly #options: JobQueueOptions;
  readonly #slots: SlotPool;
  readonly #loops: readonly PullLoop[];
  readonly #held = new Set<Delivery>();
  readonly #heartbeat: NodeJS.Timeout;
  #stopping = false;

  constructor(connection: Connection, options: JobQueueOptions, sink: LogSink) {
    this.#options = options;
    this.#slots = new SlotPool(options.concurrency);
    const { jobType, concurrency } = options;
    const onDelivery = (delivery: Delivery) => this.#take(delivery);
    const common = { connection, sink, credit: concurrency, onDelivery };
    this.#loops = [
      new PullLoop({ ...common, stream: JOBS_STREAM, consumer: workerConsumer(jobType), decode: decodeEventDelivery }),
      new PullLoop({ ...common, stream: TIMERS_STREAM, consumer: dueConsumer(jobType), decode: decodeDueDelivery }),
    ];
    this.#heartbeat = setInterval(() => this.#keepAlive(), options.ackWaitMs / 3);
  }

  start(): void {
    for (const loop of this.#loops) loop.start();
  }

  /** Stops pulling, hands back what has not begun, and waits for the handlers of what has. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#loops.map((loop) => loop.stop()));
    clearInterval(this.#heartbeat);
  }

  async #take(delivery: Delivery): Promise<void> {
    this.#held.add(delivery);
    try {
      await this.#slots.use(async () => {
        if (this.#stopping) delivery.release();
        else await this.#options.onDelivery(delivery);
      });
    } finally {
      this.#held.delete(delivery);
    }
  }

  #keepAlive(): void {
    for (const delivery of this.#held) delivery.keepAlive();
  }
}
