import type { Msg, Subscription } from '@nats-io/transport-node';
import type { Connection } from '../connection/connection.ts';
import type { DecodedDelivery } from './deliveryCodec.ts';
import type { MessageDelivery } from './heldDelivery.ts';
import { ConsumerMessage } from '../connection/consumerMessage.ts';
import type { LogSink } from '../connection/logSink.ts';
import type { StartRate } from './admission/rateLimiter.ts';
import { within } from '../connection/connection.ts';

export interface PullLoopOptions<Item = MessageDelivery> {
  readonly connection: Connection;
  readonly sink: LogSink;
  readonly stream: string;
  readonly consumer: string;
  /** Messages asked for and held together, at most. */
  readonly credit: () => number;
  /** How many more may start now, whoever asked for them. */
  readonly available: () => number;
  readonly rate?: StartRate | undefined;
  /** How long the server keeps a pull request open; 30 s unless told. */
  readonly expiresMs?: number;
  readonly decode: (message: ConsumerMessage) => DecodedDelivery<Item>;
  /** Must not reject. */
  readonly onDelivery: (delivery: Item) => Promise<void>;
}

const EXPIRES_MS = 30_000;
/** When a request has brought nothing and the server did not say so so long after its end, it is asked again. */
const RENEW_AFTER_MS = 5_000;
const NANOS_PER_MS = 1_000_000;
/** The credit is asked for in so many portions at most. */
const PORTIONS = 16;
const RATE_PORTION_MS = 25;
const RETRY_LATER_MS = 5_000;
/** For a server that does not answer. */
const DRAIN_MS = 1_000;
const TOO_MANY_REQUESTS = 'Exceeded MaxWaiting';
/** Statuses that end a pull request without more messages; a 409 also comes when the server moves the consumer. */
const MISSING_CONSUMER_PAUSE_MS = 500;

/**
 * Pulls from one durable consumer just what there is room for: a message is never fetched to lie in a buffer while
 * another worker is idle. Requests for more go out in portions: the server keeps 512 of them for all workers of a consumer.
 */
export class PullLoop<Item = MessageDelivery> {
  readonly #options: PullLoopOptions<Item>;
  readonly #inbox: string;
  #subscription: Subscription | undefined;
  #forgetRegained: (() => void) | undefined;
  #renewal: NodeJS.Timeout | undefined;
  /** Asked for and not yet answered. */
  #requested = 0;
  #held = 0;
  #stopped = false;
  #onIdle: (() => void) | undefined;

  constructor(options: PullLoopOptions<Item>) {
    this.#options = options;
    this.#inbox = options.connection.newInbox();
  }

  start(): void {
    const { connection } = this.#options;
    this.#subscription = connection.nats.subscribe(this.#inbox, { callback: (_error, message) => this.#on(message) });
    this.#forgetRegained = connection.onReconnected(() => this.#pullAfresh());
    this.#pullAfresh();
  }

  /** There may be more room now. */
  onAvailable(): void {
    this.#pull();
  }

  /** Stops asking, takes what the server has sent by then, and waits until nothing is held. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#forgetRegained?.();
    clearTimeout(this.#renewal);
    await this.#drain();
    if (this.#held > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  /** Messages on their way to a subscription that has ended would be nobody's until their wait for an answer is over. */
  async #drain(): Promise<void> {
    const { connection } = this.#options;
    if (connection.isConnected())
      await within(DRAIN_MS, this.#subscription?.drain() ?? Promise.resolve()).catch(() => {});
    else this.#subscription?.unsubscribe();
  }

  /** Requests do not outlive the connection that made them, nor their expiry. */
  #pullAfresh(): void {
    this.#requested = 0;
    this.#pull();
  }

  #pull(): void {
    const room = Math.min(this.#options.credit() - this.#held, this.#options.available()) - this.#requested;
    if (this.#stopped || room < this.#portion() || !this.#options.connection.isConnected()) return;
    const { stream, consumer, connection, expiresMs = EXPIRES_MS } = this.#options;
    this.#requested += room;
    const request = JSON.stringify({ batch: room, expires: expiresMs * NANOS_PER_MS });
    connection.nats.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, request, { reply: this.#inbox });
    clearTimeout(this.#renewal);
    this.#renewal = setTimeout(() => this.#pullAfresh(), expiresMs + RENEW_AFTER_MS);
  }

  /** A part of the credit, or what a rate allows in so long: the last of a slow rate must not wait for more of it. */
  #portion(): number {
    const { credit, rate } = this.#options;
    const allowed = rate === undefined ? Infinity : (rate.starts / rate.perMs) * RATE_PORTION_MS;
    return Math.max(1, Math.floor(Math.min(credit() / PORTIONS, allowed)));
  }

  #on(message: Msg): void {
    if (message.subject === this.#inbox) this.#onStatus(message);
    else this.#onMessage(new ConsumerMessage(this.#options.connection.acks, message));
  }

  /** 404, 408, 409: a request ended, and a header says how much of it was left. 503: the consumer is not there now. */
  #onStatus(message: Msg): void {
    const code = message.headers?.code ?? 0;
    if (code === 100) return;
    const reason = message.headers?.description ?? String(code);
    this.#requested = this.#stillRequested(Number(message.headers?.get('Nats-Pending-Messages') ?? ''), reason);
    if (code === 408) this.#pull();
    else this.#pullLater(reason);
  }

  /** Nothing when the server does not say how much was left, except that after one request too many the others are open. */
  #stillRequested(left: number, reason: string): number {
    if (left > 0) return Math.max(0, this.#requested - left);
    return reason === TOO_MANY_REQUESTS ? this.#requested : 0;
  }

  #pullLater(reason: string): void {
    const { stream, consumer, sink } = this.#options;
    sink.warn({ stream, consumer, reason }, 'the server ended a pull request');
    clearTimeout(this.#renewal);
    this.#renewal = setTimeout(() => this.#pullAfresh(), MISSING_CONSUMER_PAUSE_MS);
  }

  #onMessage(message: ConsumerMessage): void {
    this.#requested = Math.max(0, this.#requested - 1);
    const decoded = this.#options.decode(message);
    if ('delivery' in decoded) this.#hold(decoded.delivery);
    else if ('earlyMs' in decoded) message.nak(decoded.earlyMs);
    else this.#refuse(message, decoded);
    this.#pull();
  }

  #hold(delivery: Item): void {
    this.#held++;
    void this.#options.onDelivery(delivery).then(() => this.#letGo());
  }

  #letGo(): void {
    this.#held--;
    if (this.#held === 0) this.#onIdle?.();
    this.#pull();
  }

  #refuse(message: ConsumerMessage, { problem, retry }: { problem: string; retry: boolean }): void {
    const { sequence, subject } = message;
    this.#options.sink.warn({ sequence, subject, problem }, 'a message that is no call for work');
    if (retry) message.nak(RETRY_LATER_MS);
    else message.term();
  }
}
