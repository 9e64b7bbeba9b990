import { workEventNames, type WorkEventName } from '@jobstream/domain';
import type { Connection } from '../connection/connection.ts';
import type { ConsumerMessage } from '../connection/consumerMessage.ts';
import type { ServerClock } from '../connection/serverClock.ts';
import type { LogSink } from '../connection/logSink.ts';
import { JOBS_STREAM, TIMERS_STREAM } from '../streams/streams.ts';
import { decodeDueDelivery, decodeEventDelivery, type MessageDelivery } from './delivery.ts';
import { HeldDeliveries } from './heldDeliveries.ts';
import type { JobQueueOptions, OpenQueue } from './jobQueueOptions.ts';
import { PullLoop } from './pullLoop.ts';
import { subscribeToPauses } from './queueHints.ts';
import { ConsumerWait, type ConsumerWaitOptions } from './consumerWait.ts';
import { dueConsumer, eventConsumer, workConsumers } from './workConsumers.ts';

type ClockedOptions = JobQueueOptions & { readonly clock: Pick<ServerClock, 'reached'> };

/**
 * At each request the server scans all that was stored since the last one, some 3 ms per 8 MB, and stores nothing
 * meanwhile. New jobs move their consumer forward; requeued ones are rare, so they are requested often.
 */
const EXPIRES_MS: { readonly [Name in WorkEventName]: number | undefined } = {
  JobCreated: undefined,
  JobRequeued: 5_000,
};
/** Deliveries held per delivery that may run: as many outcomes may be in flight to the log. */
const HELD_PER_RUN = 2;

/**
 * Delivers the jobs of one type: created, requeued, and due. All sources share the slots and the rate. Deliveries that
 * wait for their turn are kept alive, so a busy process causes no redelivery; when the type is paused they are handed
 * back.
 */
export class JobQueue implements OpenQueue {
  readonly #options: JobQueueOptions;
  readonly #held: HeldDeliveries;
  readonly #loops: readonly PullLoop[];
  readonly #unsubscribePauses: () => void;
  #wait: ConsumerWait | undefined;

  constructor(connection: Connection, options: ClockedOptions, sink: LogSink) {
    const { jobType, rate, clock } = options;
    this.#options = options;
    this.#held = new HeldDeliveries({ ...options, onAvailable: () => this.#pull() });
    const onDelivery = (delivery: MessageDelivery) => this.#held.hold(delivery);
    const credit = () => this.#held.capacity() * HELD_PER_RUN;
    const common = { connection, sink, credit, rate, onDelivery, available: () => this.#held.available() };
    const events = { ...common, stream: JOBS_STREAM, decode: decodeEventDelivery };
    const decodeDue = (message: ConsumerMessage) => decodeDueDelivery(message, clock.reached());
    this.#loops = [
      ...workEventNames.map((event) => {
        return new PullLoop({ ...events, consumer: eventConsumer(event, jobType), expiresMs: EXPIRES_MS[event] });
      }),
      new PullLoop({ ...common, stream: TIMERS_STREAM, consumer: dueConsumer(jobType), decode: decodeDue }),
    ];
    this.#unsubscribePauses = subscribeToPauses(connection.nats, jobType, () => this.#held.handBack());
  }

  start(): void {
    for (const loop of this.#loops) loop.start();
  }

  /** Starts as soon as another process has created the consumers; resolves after the first look for them. */
  async startWhenFound(options: Pick<ConsumerWaitOptions, 'manager' | 'sink' | 'create'>): Promise<void> {
    const { jobType, ackWaitMs } = this.#options;
    const consumers = workConsumers({ jobType }).map(({ stream, config }) => ({ stream, name: config.durable_name }));
    const onFound = (actualMs: number) => {
      this.#held.setAckWait(Math.min(ackWaitMs, actualMs));
      this.start();
    };
    this.#wait = new ConsumerWait({ ...options, consumers, onFound });
    await this.#wait.start();
  }

  /** Stops pulling, hands back deliveries that have not begun, and waits for the handlers of the others. */
  async stop(): Promise<void> {
    await this.#wait?.stop();
    this.#unsubscribePauses();
    this.#held.close();
    await Promise.all(this.#loops.map((loop) => loop.stop()));
    this.#held.stop();
  }

  #pull(): void {
    for (const loop of this.#loops) loop.pull();
  }
}
