import type { JetStreamManager } from '@nats-io/jetstream';
import type { Connection } from '../connection/connection.ts';
import type { ServerClock } from '../connection/serverClock.ts';
import type { LogSink } from '../connection/logSink.ts';
import { systemTimers } from '../connection/processTimers.ts';
import { TIMERS_STREAM } from '../streams/streams.ts';
import { LaneShares } from './admission/laneShares.ts';
import { decodeDueDelivery, decodeEventDelivery, type MessageDelivery } from './delivery.ts';
import { HeldDeliveries } from './heldDeliveries.ts';
import type { JobQueueOptions, OpenQueue } from './jobQueueOptions.ts';
import { priorityOfLane, type QueueLane } from './consumers/queueLane.ts';
import { LaneWatch } from './laneWatch.ts';
import { PullLoop } from './pullLoop.ts';
import { subscribeToPauses } from './queueHints.ts';
import { ConsumerWait, type ConsumerWaitOptions } from './consumers/consumerWait.ts';
import { type WorkConsumer, workConsumers } from './consumers/consumerSettings.ts';

type ClockedOptions = JobQueueOptions & { readonly clock: Pick<ServerClock, 'reached'> };

/**
 * At each request the server scans all that was stored since the last one, some 3 ms per 8 MB, and stores nothing
 * meanwhile. New jobs move their consumer forward; requeued ones, and those of a lane, may be rare, so they are requested often.
 */
const EXPIRES_MS: { readonly [Source in WorkConsumer['source']]: number | undefined } = {
  created: undefined,
  requeued: 5_000,
  lane: 5_000,
  due: undefined,
};
/** Deliveries held per delivery that may run: as many outcomes may be in flight to the log. */
const HELD_PER_RUN = 2;

/**
 * Delivers the jobs of one type: created, requeued, signalled, and due, of each priority. All sources share the slots and the rate. Deliveries
 * that wait for their turn are kept alive, so a busy process causes no redelivery; when the type is paused they are handed
 * back.
 */
export class JobQueue implements OpenQueue {
  readonly #connection: Connection;
  readonly #sink: LogSink;
  readonly #options: ClockedOptions;
  readonly #held: HeldDeliveries;
  readonly #shares: LaneShares;
  readonly #loops: PullLoop[] = [];
  readonly #unsubscribePauses: () => void;
  #wait: ConsumerWait | undefined;
  #lanes: LaneWatch | undefined;

  constructor(connection: Connection, options: ClockedOptions, sink: LogSink) {
    this.#connection = connection;
    this.#sink = sink;
    this.#options = options;
    this.#held = new HeldDeliveries({ ...options, onAvailable: () => this.#pull() });
    this.#shares = new LaneShares({
      timers: systemTimers,
      credit: () => this.#credit(),
      onAllowed: () => this.#pull(),
    });
    this.#loops = workConsumers(options).map((consumer) => this.#loop(consumer));
    this.#unsubscribePauses = subscribeToPauses(connection.nats, options.jobType, () => this.#held.handBack());
  }

  /** Starts taking deliveries of normal priority. */
  start(): void {
    for (const loop of this.#loops) loop.start();
  }

  /** Takes those of the other priorities, and signals, as well, from the moment on when there are any. */
  async watchLanes(manager: JetStreamManager): Promise<void> {
    const { jobType } = this.#options;
    const onFound = (lane: QueueLane) => this.#startLane(lane);
    this.#lanes = new LaneWatch({ connection: this.#connection, manager, jobType, onFound, sink: this.#sink });
    await this.#lanes.start();
  }

  /** Starts as soon as another process has created the consumers; resolves after the first look for them. */
  async startWhenFound(options: Pick<ConsumerWaitOptions, 'create' | 'manager' | 'sink'>): Promise<void> {
    const { ackWaitMs } = this.#options;
    const consumers = workConsumers(this.#options).map(({ stream, config }) => ({ stream, name: config.durable_name }));
    const onFound = (actualMs: number) => {
      this.#held.setAckWait(Math.min(ackWaitMs, actualMs));
      this.start();
      this.watchLanes(options.manager).catch((error: unknown) =>
        this.#sink.warn({ reason: String(error) }, 'jobs of high and low priority, and signals, are not taken'),
      );
    };
    this.#wait = new ConsumerWait({ ...options, consumers, onFound });
    await this.#wait.start();
  }

  /** Stops pulling, hands back deliveries that have not begun, and waits for the handlers of the others. */
  async stop(): Promise<void> {
    await this.#wait?.stop();
    await this.#lanes?.stop();
    this.#unsubscribePauses();
    this.#held.close();
    await Promise.all(this.#loops.map((loop) => loop.stop()));
    this.#shares.stop();
    this.#held.stop();
  }

  #startLane(lane: QueueLane): void {
    const ofLane = workConsumers({ jobType: this.#options.jobType, lanes: [lane] }).filter((one) => one.lane === lane);
    for (const consumer of ofLane) {
      const loop = this.#loop(consumer);
      this.#loops.push(loop);
      loop.start();
    }
  }

  #loop({ stream, source, lane, config }: WorkConsumer): PullLoop {
    const { rate, clock } = this.#options;
    return new PullLoop({
      connection: this.#connection,
      sink: this.#sink,
      stream,
      consumer: config.durable_name,
      expiresMs: EXPIRES_MS[source],
      credit: () => this.#credit(),
      available: () => this.#held.available(),
      rate,
      shares: this.#shares,
      priority: priorityOfLane(lane),
      decode: stream === TIMERS_STREAM ? (message) => decodeDueDelivery(message, clock.reached()) : decodeEventDelivery,
      onDelivery: (delivery: MessageDelivery) => this.#held.hold(delivery),
    });
  }

  #credit(): number {
    return this.#held.capacity() * HELD_PER_RUN;
  }

  #pull(): void {
    const credit = this.#credit();
    const available = this.#held.available();
    for (const loop of this.#loops) loop.pull(credit, available);
  }
}
