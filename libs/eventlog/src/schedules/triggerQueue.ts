import type { JetStreamManager } from '@nats-io/jetstream';
import type { Connection } from '../connection/connection.ts';
import type { LogSink } from '../connection/logSink.ts';
import { ConsumerWait } from '../queue/consumers/consumerWait.ts';
import { ensureTriggerConsumer, TRIGGER_CONSUMER } from '../queue/consumers/processConsumers.ts';
import { PullLoop } from '../queue/pullLoop.ts';
import { RedeliveryGuard } from '../queue/redeliveryGuard.ts';
import { TIMERS_STREAM } from '../streams/streams.ts';
import { decodeTrigger, type FiredTrigger } from './firedTrigger.ts';

export interface TriggerQueueOptions {
  readonly ackWaitMs: number;
  /** Must not reject. */
  readonly onTrigger: (trigger: FiredTrigger) => Promise<void>;
}

/**
 * Delivers fired triggers one after the other over all workers: the next one comes when the one before is settled. So a
 * trigger for all schedules finds exactly what the triggers before it left undone.
 */
export class TriggerQueue {
  readonly #ackWaitMs: number;
  readonly #sink: LogSink;
  readonly #loop: PullLoop<FiredTrigger>;
  readonly #redelivery: RedeliveryGuard<FiredTrigger>;
  #wait: ConsumerWait | undefined;

  constructor(connection: Connection, { ackWaitMs, onTrigger }: TriggerQueueOptions, sink: LogSink) {
    this.#ackWaitMs = ackWaitMs;
    this.#sink = sink;
    this.#redelivery = new RedeliveryGuard(ackWaitMs);
    this.#loop = new PullLoop<FiredTrigger>({
      connection,
      sink,
      stream: TIMERS_STREAM,
      consumer: TRIGGER_CONSUMER,
      credit: () => 1,
      available: () => 1,
      decode: decodeTrigger,
      onDelivery: (trigger) => this.#redelivery.hold(trigger, TRIGGER_CONSUMER, onTrigger),
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** Starts as soon as another process has created the consumer; resolves after the first look for it. */
  async startWhenFound(manager: JetStreamManager): Promise<void> {
    this.#wait = new ConsumerWait({
      manager,
      sink: this.#sink,
      consumers: [{ stream: TIMERS_STREAM, name: TRIGGER_CONSUMER }],
      create: () => ensureTriggerConsumer(manager, this.#ackWaitMs),
      onFound: (actualMs) => {
        this.#redelivery.setAckWait(Math.min(this.#ackWaitMs, actualMs));
        this.start();
      },
    });
    await this.#wait.start();
  }

  /** Takes no more triggers and waits for the one being handled. */
  async stop(): Promise<void> {
    await this.#wait?.stop();
    await this.#loop.stop();
    this.#redelivery.stop();
  }
}
