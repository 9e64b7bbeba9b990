import { AckPolicy, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream';
import type { Connection } from '../connection/connection.ts';
import type { LogSink } from '../connection/logSink.ts';
import { PullLoop } from '../queue/pullLoop.ts';
import { RedeliveryGuard } from '../queue/redelivery.ts';
import { createConsumer } from '../queue/workConsumers.ts';
import { TICK_SUBJECT } from '../streams/scheduleSubjects.ts';
import { TIMERS_STREAM } from '../streams/streams.ts';
import { decodeTrigger, type FiredTrigger } from './firedTrigger.ts';

export interface TriggerQueueOptions {
  readonly ackWaitMs: number;
  /** Must not reject. */
  readonly onTrigger: (trigger: FiredTrigger) => Promise<void>;
}

const CONSUMER = 'ticks';
const NANOS_PER_MS = 1_000_000;

/**
 * Delivers fired triggers one after the other over all workers: the next one comes when the one before is settled. So a
 * trigger for all schedules finds exactly what the triggers before it left undone.
 */
export class TriggerQueue {
  readonly #loop: PullLoop<FiredTrigger>;
  readonly #redelivery: RedeliveryGuard<FiredTrigger>;

  constructor(connection: Connection, { ackWaitMs, onTrigger }: TriggerQueueOptions, sink: LogSink) {
    this.#redelivery = new RedeliveryGuard(ackWaitMs);
    this.#loop = new PullLoop<FiredTrigger>({
      connection,
      sink,
      stream: TIMERS_STREAM,
      consumer: CONSUMER,
      credit: () => 1,
      available: () => 1,
      decode: decodeTrigger,
      onDelivery: (trigger) => this.#redelivery.hold(trigger, CONSUMER, onTrigger),
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** Takes no more triggers and waits for the one being handled. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    this.#redelivery.stop();
  }
}

/** Creates the durable consumer of all triggers, or updates its wait for acknowledgements. */
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
