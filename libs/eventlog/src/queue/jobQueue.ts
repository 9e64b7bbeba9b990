import type { Connection } from '../connection/connection.ts';
import type { Delivery } from './delivery.ts';
import { decodeDueDelivery, decodeEventDelivery } from './deliveryCodec.ts';
import type { HeldDelivery } from './heldDelivery.ts';
import { hearPauses } from './hearPauses.ts';
import { LinkedSet, type Place } from '../linkedSet.ts';
import type { LogSink } from '../logSink.ts';
import { OneAtATime } from './oneAtATime.ts';
import type { Pass } from './admission/pass.ts';
import { PullLoop } from './pullLoop.ts';
import type { StartRate } from './admission/rateWindow.ts';
import { StartGate } from './admission/startGate.ts';
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
  readonly #gate: StartGate;
  readonly #loops: readonly PullLoop[];
  readonly #held = new LinkedSet<HeldDelivery>();
  readonly #perJob = new OneAtATime();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #forgetPauses: () => void;

  constructor(connection: Connection, options: JobQueueOptions, sink: LogSink) {
    this.#options = options;
    this.#gate = new StartGate({ ...options, onRoom: () => this.#onRoom() });
    const { jobType, rate } = options;
    const onDelivery = (delivery: HeldDelivery) => this.#take(delivery);
    const credit = () => this.#gate.capacity() * HELD_FOR_EACH;
    const common = { connection, sink, credit, rate, onDelivery, room: () => this.#gate.room() };
    const events = { ...common, stream: JOBS_STREAM, decode: decodeEventDelivery };
    this.#loops = [
      new PullLoop({ ...events, consumer: workerConsumer(jobType) }),
      new PullLoop({ ...events, consumer: requeuedConsumer(jobType), expiresMs: REQUEUED_EXPIRES_MS }),
      new PullLoop({ ...common, stream: TIMERS_STREAM, consumer: dueConsumer(jobType), decode: decodeDueDelivery }),
    ];
    this.#heartbeat = setInterval(() => this.#keepAlive(), options.ackWaitMs / 3);
    this.#forgetPauses = hearPauses(connection.nats, jobType, () => this.#gate.turnAway());
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
  #take(delivery: HeldDelivery): Promise<void> {
    const place = this.#held.add(delivery);
    this.#gate.arrived(delivery.bytes);
    return this.#perJob.run(delivery.jobId, () => this.#work(delivery, place));
  }

  async #work(delivery: HeldDelivery, place: Place<HeldDelivery>): Promise<void> {
    let pass: Pass | undefined;
    let started: boolean | void = false;
    try {
      const turn = this.#gate.enter();
      pass = turn instanceof Promise ? await turn : turn;
      if (pass === undefined) return delivery.release();
      delivery.admit(pass);
      started = await this.#options.onDelivery(delivery);
    } finally {
      pass?.giveBack(started !== false);
      this.#held.remove(place);
    }
  }

  #onRoom(): void {
    for (const loop of this.#loops) loop.onRoom();
  }

  #keepAlive(): void {
    for (const delivery of this.#held) delivery.keepAlive();
  }
}
