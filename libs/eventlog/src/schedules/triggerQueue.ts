import { AckPolicy, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream';
import type { FiredTrigger } from './firedTrigger.ts';
import { decodeTrigger } from './triggerCodec.ts';
import type { Connection } from '../connection/connection.ts';
import type { LogSink } from '../connection/logSink.ts';
import { PullLoop } from '../queue/pullLoop.ts';
import { TICK_SUBJECT } from '../streams/scheduleSubjects.ts';
import { TIMERS_STREAM } from '../streams/streams.ts';
import { createConsumer } from '../queue/workConsumers.ts';

export interface TriggerQueueOptions {
  readonly ackWaitMs: number;
  /** Must not reject. */
  readonly onTrigger: (alarm: FiredTrigger) => Promise<void>;
}

const CONSUMER = 'ticks';
const NANOS_PER_MS = 1_000_000;

/**
 * Alarms, one after the other over all workers: the next one is delivered when the one before was answered. So an alarm
 * for all schedules finds what the alarms before it left undone, and nothing else.
 */
export class TriggerQueue {
  readonly #loop: PullLoop<FiredTrigger>;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #onTrigger: TriggerQueueOptions['onTrigger'];
  #held: FiredTrigger | undefined;

  constructor(connection: Connection, { ackWaitMs, onTrigger }: TriggerQueueOptions, sink: LogSink) {
    this.#onTrigger = onTrigger;
    this.#loop = new PullLoop<FiredTrigger>({
      connection,
      sink,
      stream: TIMERS_STREAM,
      consumer: CONSUMER,
      credit: () => 1,
      available: () => 1,
      decode: decodeTrigger,
      onDelivery: (alarm) => this.#take(alarm),
    });
    this.#heartbeat = setInterval(() => this.#held?.keepAlive(), ackWaitMs / 3);
  }

  start(): void {
    this.#loop.start();
  }

  /** Takes no more alarms and waits for the one in hand. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    clearInterval(this.#heartbeat);
  }

  async #take(alarm: FiredTrigger): Promise<void> {
    this.#held = alarm;
    try {
      await this.#onTrigger(alarm);
    } finally {
      this.#held = undefined;
    }
  }
}

/** Creates the durable consumer of all alarms, or brings its wait for acknowledgements up to date. */
export async function ensureTriggerConsumer(manager: JetStreamManager, ackWaitMs: number): Promise<void> {
  const config = {
    durable_name: CONSUMER,
    filter_subject: TICK_SUBJECT,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: ackWaitMs * NANOS_PER_MS,
    max_ack_pending: 1,
    max_deliver: -1,
  };
  const created = await createConsumer(manager, { stream: TIMERS_STREAM, config });
  if (!created) await manager.consumers.update(TIMERS_STREAM, CONSUMER, config);
}
