import { randomUUID } from 'node:crypto';
import { AckPolicy, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream';
import type { Msg, Subscription } from '@nats-io/transport-node';
import type { Connection } from '../connection/connection.ts';
import { ConsumerMessage } from '../connection/consumerMessage.ts';
import { JOBS_STREAM } from '../streams/streams.ts';

export interface OrderedConsumerOptions {
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  /** Sequence after which to begin. */
  readonly after: number;
  readonly onMessage: (message: ConsumerMessage) => void;
  /** A request for messages has ended unfulfilled: there may be another. */
  readonly onRequestOver: () => void;
}

const EXPIRES_MS = 30_000;
const HEARTBEAT_MS = 1_000;
/** Silence after which the consumer counts as lost. */
const SILENCE_MS = 3 * HEARTBEAT_MS;
/**
 * The server forgets a consumer that nobody pulls from. Nothing deletes one sooner: permissions cannot tell it from the
 * consumers of the workers, whose positions a follower must not be able to delete.
 */
const INACTIVE_MS = 60_000;
const NANOS_PER_MS = 1_000_000;
const LEFT = 'Nats-Pending-Messages';

/**
 * One consumer of the stream JOBS without acknowledgements, kept in the server's memory, for one follower. Deliveries
 * are numbered, so a gap shows at once. It never mends itself: `broken` settles with the reason, and its owner makes a
 * new one from the last sequence that it saw.
 */
export class OrderedConsumer {
  readonly broken: Promise<string>;
  readonly #options: OrderedConsumerOptions;
  readonly #name = `follower-${randomUUID()}`;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #watchdog: NodeJS.Timeout;
  readonly #forgetRegained: () => void;
  readonly #break: (reason: string) => void;
  #delivered = 0;
  #requested = 0;
  #heardAt = performance.now();

  private constructor(options: OrderedConsumerOptions) {
    const { connection } = options;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#options = options;
    this.broken = promise;
    this.#break = resolve;
    this.#inbox = connection.newInbox();
    this.#subscription = connection.nats.subscribe(this.#inbox, { callback: (_error, message) => this.#on(message) });
    this.#forgetRegained = connection.onReconnected(() => resolve('the connection was lost'));
    this.#watchdog = setInterval(() => this.#listenForSilence(), HEARTBEAT_MS);
  }

  static async open(options: OrderedConsumerOptions): Promise<OrderedConsumer> {
    const consumer = new OrderedConsumer(options);
    try {
      await consumer.#create();
      return consumer;
    } catch (error) {
      consumer.close();
      throw error;
    }
  }

  /** How many messages are asked for and have not come yet. */
  get outstanding(): number {
    return this.#requested;
  }

  /** Asks for up to `batch` messages more. Several requests may be open: the server serves them one after the other. */
  request({ batch, maxBytes }: { batch: number; maxBytes: number }): void {
    this.#requested += batch;
    this.#heardAt = performance.now();
    const [expires, idleHeartbeat] = [EXPIRES_MS * NANOS_PER_MS, HEARTBEAT_MS * NANOS_PER_MS];
    const request = { batch, max_bytes: maxBytes, expires, idle_heartbeat: idleHeartbeat };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${JOBS_STREAM}.${this.#name}`;
    this.#options.connection.nats.publish(subject, JSON.stringify(request), { reply: this.#inbox });
  }

  close(): void {
    clearInterval(this.#watchdog);
    this.#forgetRegained();
    this.#subscription.unsubscribe();
    this.#break('closed');
  }

  async #create(): Promise<void> {
    await this.#options.manager.consumers.add(JOBS_STREAM, {
      name: this.#name,
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#options.after + 1,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: INACTIVE_MS * NANOS_PER_MS,
    });
  }

  #on(message: Msg): void {
    this.#heardAt = performance.now();
    if (message.subject === this.#inbox) this.#onStatus(message);
    else this.#onMessage(new ConsumerMessage(this.#options.connection.acks, message));
  }

  #onMessage(message: ConsumerMessage): void {
    this.#delivered++;
    if (message.deliverySequence !== this.#delivered) {
      this.#break('a delivery is missing');
      return;
    }
    this.#requested--;
    this.#options.onMessage(message);
  }

  /**
   * 100: a heartbeat. What tells how many messages it leaves ends a request: 408 at its expiry, 409 at its bytes, and 409
   * as well when it was fulfilled but not for its bytes. Anything else ends the consumer.
   */
  #onStatus(message: Msg): void {
    const code = message.headers?.code ?? 0;
    if (code === 100) return;
    const left = message.headers?.get(LEFT) ?? '';
    if (left === '') return this.#break(`${code} ${message.headers?.description ?? ''}`);
    this.#requested -= Number(left);
    this.#options.onRequestOver();
  }

  #listenForSilence(): void {
    if (this.#requested > 0 && performance.now() - this.#heardAt > SILENCE_MS) this.#break('silence');
  }
}
