import type { Connection } from '../connection/connection.ts';
import type { ConsumerMessage } from '../connection/consumerMessage.ts';
import type { ServerClock } from '../connection/serverClock.ts';
import type { LogSink } from '../connection/logSink.ts';
import { JOBS_STREAM, TIMERS_STREAM } from '../streams/streams.ts';
import { AdmissionController, type ClaimPermit } from './admission/admissionController.ts';
import type { StartRate } from './admission/rateLimiter.ts';
import { decodeDueDelivery, decodeEventDelivery, type Delivery, type MessageDelivery } from './delivery.ts';
import { PullLoop } from './pullLoop.ts';
import { RedeliveryGuard } from './redelivery.ts';
import { subscribeToPauses } from './subscribeToHints.ts';
import { ConsumerWait, type ConsumerWaitOptions } from './consumerWait.ts';
import { dueConsumer, requeuedConsumer, workConsumers, workerConsumer } from './workConsumers.ts';

export interface JobQueueOptions {
  readonly jobType: string;
  /** Slots: deliveries run at once. More may be claiming their job before they acquire a slot. */
  readonly concurrency: number;
  /** Deliveries started in a period; those that turn out to start nothing do not count. */
  readonly rate?: StartRate | undefined;
  readonly ackWaitMs: number;
  /**
   * Must not reject. The delivery's slot is free again when the promise settles, if not before. False says that there was
   * nothing to start.
   */
  readonly onDelivery: (delivery: Delivery) => Promise<boolean | void>;
}

type ClockedOptions = JobQueueOptions & { readonly clock: Pick<ServerClock, 'now'> };

/**
 * At each request the server scans all that was stored since the last one, some 3 ms per 8 MB, and stores nothing
 * meanwhile. New jobs move their consumer forward; requeued ones are rare, so they are requested often.
 */
const REQUEUED_EXPIRES_MS = 5_000;
/** Deliveries held per delivery that may run: as many outcomes may be in flight to the log. */
const HELD_PER_RUN = 2;

/**
 * Delivers the jobs of one type: created, requeued, and due. All sources share the slots and the rate. Deliveries that
 * wait for their turn are kept alive, so a busy process causes no redelivery; when the type is paused they are handed
 * back.
 */
export class JobQueue {
  readonly #options: JobQueueOptions;
  readonly #admission: AdmissionController;
  readonly #redelivery: RedeliveryGuard<MessageDelivery>;
  readonly #loops: readonly PullLoop[];
  readonly #unsubscribePauses: () => void;
  #wait: ConsumerWait | undefined;

  constructor(connection: Connection, options: ClockedOptions, sink: LogSink) {
    const { jobType, rate, ackWaitMs, clock } = options;
    this.#options = options;
    this.#admission = new AdmissionController({ ...options, onAvailable: () => this.#pull() });
    this.#redelivery = new RedeliveryGuard(ackWaitMs);
    const handle = (delivery: MessageDelivery) => this.#handle(delivery);
    const onDelivery = (delivery: MessageDelivery) => {
      this.#admission.recordSize(delivery.bytes);
      return this.#redelivery.hold(delivery, delivery.jobId, handle);
    };
    const credit = () => this.#admission.capacity() * HELD_PER_RUN;
    const common = { connection, sink, credit, rate, onDelivery, available: () => this.#admission.available() };
    const events = { ...common, stream: JOBS_STREAM, decode: decodeEventDelivery };
    const decodeDue = (message: ConsumerMessage) => decodeDueDelivery(message, clock.now());
    this.#loops = [
      new PullLoop({ ...events, consumer: workerConsumer(jobType) }),
      new PullLoop({ ...events, consumer: requeuedConsumer(jobType), expiresMs: REQUEUED_EXPIRES_MS }),
      new PullLoop({ ...common, stream: TIMERS_STREAM, consumer: dueConsumer(jobType), decode: decodeDue }),
    ];
    this.#unsubscribePauses = subscribeToPauses(connection.nats, jobType, () => this.#admission.rejectWaiting());
  }

  start(): void {
    for (const loop of this.#loops) loop.start();
  }

  /** Starts as soon as another process has created the consumers; resolves after the first look for them. */
  async startWhenFound(options: Pick<ConsumerWaitOptions, 'manager' | 'sink' | 'create'>): Promise<void> {
    const { jobType, ackWaitMs } = this.#options;
    const consumers = workConsumers({ jobType }).map(({ stream, config }) => ({ stream, name: config.durable_name }));
    const onFound = (actualMs: number) => {
      this.#redelivery.setAckWait(Math.min(ackWaitMs, actualMs));
      this.start();
    };
    this.#wait = new ConsumerWait({ ...options, consumers, onFound });
    await this.#wait.start();
  }

  /** Stops pulling, hands back deliveries that have not begun, and waits for the handlers of the others. */
  async stop(): Promise<void> {
    await this.#wait?.stop();
    this.#unsubscribePauses();
    this.#admission.close();
    await Promise.all(this.#loops.map((loop) => loop.stop()));
    this.#redelivery.stop();
  }

  async #handle(delivery: MessageDelivery): Promise<void> {
    let permit: ClaimPermit | undefined;
    let started: boolean | void = false;
    try {
      const turn = this.#admission.acquire();
      permit = turn instanceof Promise ? await turn : turn;
      if (permit === undefined) return delivery.nak();
      delivery.admit(permit);
      started = await this.#options.onDelivery(delivery);
    } finally {
      permit?.release(started !== false);
    }
  }

  #pull(): void {
    for (const loop of this.#loops) loop.pull();
  }
}
