import type { Connection } from '../connection/connection.ts';
import type { Delivery } from './delivery.ts';
import { decodeDueDelivery, decodeEventDelivery } from './deliveryCodec.ts';
import type { MessageDelivery } from './heldDelivery.ts';
import { subscribeToPauses } from './subscribeToPauses.ts';
import { LinkedSet, type Place } from '../connection/linkedSet.ts';
import type { LogSink } from '../connection/logSink.ts';
import { KeyedMutex } from './keyedMutex.ts';
import type { ClaimPermit } from './admission/claimPermit.ts';
import { PullLoop } from './pullLoop.ts';
import type { StartRate } from './admission/rateLimiter.ts';
import { AdmissionController } from './admission/admissionController.ts';
import { JOBS_STREAM, TIMERS_STREAM } from '../streams/streams.ts';
import { dueConsumer, requeuedConsumer, workerConsumer } from './workConsumers.ts';

export interface JobQueueOptions {
  readonly jobType: string;
  /**
   * Slots: deliveries worked on at once, not counting those whose slot was given back early. Of those that take their
   * slot when they have claimed their job, more may be claiming.
   */
  readonly concurrency: number;
  /** Deliveries begun in a time; those that turn out to start nothing do not count. */
  readonly rate?: StartRate | undefined;
  readonly ackWaitMs: number;
  /**
   * Must not reject; the delivery's slot is free again when the promise settles, if not before. False says that there was
   * nothing to start.
   */
  readonly onDelivery: (delivery: Delivery) => Promise<boolean | void>;
}

/**
 * At each request the server looks through all that was stored since the last one, some 3 ms for each 8 MB, in which
 * nothing is stored. New jobs bring their consumer forward; requeued ones are seldom, so they are asked for often.
 */
const REQUEUED_EXPIRES_MS = 5_000;
/** Deliveries held at once for each that may be worked on: the outcomes of as many may be on their way to the log. */
const HELD_FOR_EACH = 2;

/**
 * Deliveries of one job type: created, requeued, and due. All sources share the slots and the rate. What
 * arrives before its turn is kept alive, so nothing is redelivered only because this process is busy; when the type is
 * paused it is handed back.
 */
export class JobQueue {
  readonly #options: JobQueueOptions;
  readonly #gate: AdmissionController;
  readonly #loops: readonly PullLoop[];
  readonly #held = new LinkedSet<MessageDelivery>();
  readonly #perJob = new KeyedMutex();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #forgetPauses: () => void;

  constructor(connection: Connection, options: JobQueueOptions, sink: LogSink) {
    this.#options = options;
    this.#gate = new AdmissionController({ ...options, onAvailable: () => this.#onRoom() });
    const { jobType, rate } = options;
    const onDelivery = (delivery: MessageDelivery) => this.#take(delivery);
    const credit = () => this.#gate.capacity() * HELD_FOR_EACH;
    const common = { connection, sink, credit, rate, onDelivery, available: () => this.#gate.available() };
    const events = { ...common, stream: JOBS_STREAM, decode: decodeEventDelivery };
    this.#loops = [
      new PullLoop({ ...events, consumer: workerConsumer(jobType) }),
      new PullLoop({ ...events, consumer: requeuedConsumer(jobType), expiresMs: REQUEUED_EXPIRES_MS }),
      new PullLoop({ ...common, stream: TIMERS_STREAM, consumer: dueConsumer(jobType), decode: decodeDueDelivery }),
    ];
    this.#heartbeat = setInterval(() => this.#keepAlive(), options.ackWaitMs / 3);
    this.#forgetPauses = subscribeToPauses(connection.nats, jobType, () => this.#gate.rejectWaiting());
  }

  start(): void {
    for (const loop of this.#loops) loop.start();
  }

  /** Stops pulling, hands back what has not begun, and waits for the handlers of what has. */
  async stop(): Promise<void> {
    this.#forgetPauses();
    this.#gate.close();
    await Promise.all(this.#loops.map((loop) => loop.stop()));
    clearInterval(this.#heartbeat);
  }

  /**
   * Deliveries of one job take turns: a message that comes again while its job is worked on here is held, without a pass,
   * until that is over, and answered then, from the state in which the job is by that time.
   */
  #take(delivery: MessageDelivery): Promise<void> {
    const place = this.#held.add(delivery);
    this.#gate.recordSize(delivery.bytes);
    return this.#perJob.run(delivery.jobId, () => this.#work(delivery, place));
  }

  async #work(delivery: MessageDelivery, place: Place<MessageDelivery>): Promise<void> {
    let pass: ClaimPermit | undefined;
    let started: boolean | void = false;
    try {
      const turn = this.#gate.acquire();
      pass = turn instanceof Promise ? await turn : turn;
      if (pass === undefined) return delivery.nak();
      delivery.admit(pass);
      started = await this.#options.onDelivery(delivery);
    } finally {
      pass?.release(started !== false);
      this.#held.remove(place);
    }
  }

  #onRoom(): void {
    for (const loop of this.#loops) loop.onAvailable();
  }

  #keepAlive(): void {
    for (const delivery of this.#held) delivery.keepAlive();
  }
}
