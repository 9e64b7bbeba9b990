import { randomUUID } from 'node:crypto';
import { AckPolicy, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream';
import type { Msg, Subscription } from '@nats-io/transport-node';
import type { Connection } from '../../connection/connection.ts';
import { ConsumerMessage } from '../../connection/consumerMessage.ts';
import { takeReservedFollower } from './reservedFollowers.ts';

export interface OrderedConsumerOptions {
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  readonly stream: string;
  /** The first message has a later sequence than this; `lastPerSubject` begins with the newest of each subject. */
  readonly after: number | 'lastPerSubject';
  /** Whether to take a consumer of JOBS that exists, for a user that may create none; default false. */
  readonly reserved?: boolean;
  readonly onMessage: (message: ConsumerMessage) => void;
  /** Called each second in which there was nothing to deliver. */
  readonly onIdle?: () => void;
  /** Called when a request for messages has ended unfulfilled. */
  readonly onRequestEnded: () => void;
}

const EXPIRES_MS = 30_000;
const HEARTBEAT_MS = 1_000;
/** Time without a heartbeat after which the consumer counts as lost. */
const SILENCE_MS = 3 * HEARTBEAT_MS;
/**
 * The server deletes a consumer that is not pulled from for this long. The follower does not delete it itself: a
 * permission to do so would also let it delete the consumers of the workers.
 */
const INACTIVE_MS = 60_000;
const NANOS_PER_MS = 1_000_000;
const PENDING_MESSAGES = 'Nats-Pending-Messages';
const LAST_SEQUENCE = 'Nats-Last-Stream';

/**
 * One consumer of a stream without acknowledgements, for one follower: its own, kept in the server's memory, or a reserved
 * one. Deliveries are numbered, so a gap is detected at once. It does not recover: `broken` resolves to the reason, and its owner opens
 * another one after the last sequence that arrived.
 */
export class OrderedConsumer {
  readonly broken: Promise<string>;
  readonly #options: OrderedConsumerOptions;
  #name = `follower-${randomUUID()}`;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #watchdog: NodeJS.Timeout;
  readonly #unsubscribeReconnected: () => void;
  readonly #break: (reason: string) => void;
  #storedAtStart = 0;
  #delivered = 0;
  /** The only sequence that the next message of a reserved consumer may have: another process may have taken it too. */
  #expected: number | undefined;
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
    this.#unsubscribeReconnected = connection.onReconnected(() => resolve('the connection was lost'));
    this.#watchdog = setInterval(() => this.#checkHeartbeat(), HEARTBEAT_MS);
  }

  /**
   * Creates the consumer on the server. Rejects with the client library's error, or as soon as the connection was lost
   * meanwhile: the library does not report that, and would wait for the response until its own time limit.
   */
  static async open(options: OrderedConsumerOptions): Promise<OrderedConsumer> {
    const consumer = new OrderedConsumer(options);
    const lost = consumer.broken.then((reason) => Promise.reject(new Error(reason)));
    lost.catch(() => undefined); // a consumer that is open reports it as broken
    try {
      await Promise.race([consumer.#acquire(), lost]);
      return consumer;
    } catch (error) {
      consumer.close();
      throw error;
    }
  }

  /** How many messages there were to deliver when it was created. */
  get storedAtStart(): number {
    return this.#storedAtStart;
  }

  /** How many messages are requested and have not arrived yet. */
  get outstanding(): number {
    return this.#requested;
  }

  /** Requests up to `batch` more messages. Several requests may be open: the server serves them one after the other. */
  request({ batch, maxBytes }: { batch: number; maxBytes: number }): void {
    this.#requested += batch;
    this.#heardAt = performance.now();
    const [expires, idleHeartbeat] = [EXPIRES_MS * NANOS_PER_MS, HEARTBEAT_MS * NANOS_PER_MS];
    const request = { batch, max_bytes: maxBytes, expires, idle_heartbeat: idleHeartbeat };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.#options.stream}.${this.#name}`;
    this.#options.connection.nats.publish(subject, JSON.stringify(request), { reply: this.#inbox });
  }

  close(): void {
    clearInterval(this.#watchdog);
    this.#unsubscribeReconnected();
    this.#subscription.unsubscribe();
    this.#break('closed');
  }

  async #acquire(): Promise<void> {
    const { reserved = false, after } = this.#options;
    const taken = reserved && after !== 'lastPerSubject' ? await takeReservedFollower(this.#options, after) : undefined;
    if (taken === undefined) return this.#create();
    this.#name = taken.name;
    this.#expected = taken.first;
  }

  async #create(): Promise<void> {
    const { manager, stream, after } = this.#options;
    const start =
      after === 'lastPerSubject'
        ? { deliver_policy: DeliverPolicy.LastPerSubject, filter_subject: '>' }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: after + 1 };
    const { num_pending: stored } = await manager.consumers.add(stream, {
      name: this.#name,
      ack_policy: AckPolicy.None,
      ...start,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: INACTIVE_MS * NANOS_PER_MS,
    });
    this.#storedAtStart = stored;
  }

  #on(message: Msg): void {
    this.#heardAt = performance.now();
    if (message.subject === this.#inbox) this.#onStatus(message);
    else this.#onMessage(new ConsumerMessage(this.#options.connection.acks, message));
  }

  #onMessage(message: ConsumerMessage): void {
    this.#delivered++;
    if (!this.#isNext(message)) return this.#break('a delivery is missing');
    this.#requested--;
    this.#options.onMessage(message);
  }

  #isNext({ deliverySequence, sequence }: ConsumerMessage): boolean {
    if (this.#expected === undefined) return deliverySequence === this.#delivered;
    return sequence === this.#expected++;
  }

  /**
   * 100 is a heartbeat. A status with a count of pending messages ends a request: 408 at its expiry, 409 at its limit of
   * bytes, also when it was fulfilled otherwise. Any other status ends the consumer.
   */
  #onStatus(message: Msg): void {
    const code = message.headers?.code ?? 0;
    if (code === 100) return this.#onHeartbeat(message);
    const left = message.headers?.get(PENDING_MESSAGES) ?? '';
    if (left === '') return this.#break(`${code} ${message.headers?.description ?? ''}`);
    this.#requested -= Number(left);
    this.#options.onRequestEnded();
  }

  /** A heartbeat has the last sequence that was delivered to anybody. */
  #onHeartbeat({ headers }: Msg): void {
    if (this.#expected !== undefined && Number(headers?.get(LAST_SEQUENCE)) !== this.#expected - 1)
      return this.#break('another process took the consumer');
    this.#options.onIdle?.();
  }

  #checkHeartbeat(): void {
    if (this.#requested > 0 && performance.now() - this.#heardAt > SILENCE_MS) this.#break('silence');
  }
}
