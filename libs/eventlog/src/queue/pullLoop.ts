import type { Msg, Subscription } from '@nats-io/transport-node';
import type { Priority } from '@jobstream/domain';
import { ConsumerMessage } from '../connection/consumerMessage.ts';
import { within, type Connection } from '../connection/connection.ts';
import type { LogSink } from '../connection/logSink.ts';
import { systemTimers } from '../connection/processTimers.ts';
import { type LaneShare, LaneShares } from './admission/laneShares.ts';
import type { StartRate } from './admission/rateLimiter.ts';
import type { DecodedDelivery, MessageDelivery } from './delivery.ts';
import { settleUndelivered } from './redeliveryGuard.ts';

export interface PullLoopOptions<Item = MessageDelivery> {
  readonly connection: Connection;
  readonly sink: LogSink;
  readonly stream: string;
  readonly consumer: string;
  /** Messages requested and held together, at most. */
  readonly credit: () => number;
  /** Deliveries that may start now, from this loop and those that share its limits. */
  readonly available: () => number;
  readonly rate?: StartRate | undefined;
  /** What other priorities leave of the room; default: all of it. */
  readonly shares?: LaneShares | undefined;
  /** Default `normal`. */
  readonly priority?: Priority | undefined;
  /** How long the server keeps a pull request open, default 30 s. */
  readonly expiresMs?: number | undefined;
  readonly decode: (message: ConsumerMessage) => DecodedDelivery<Item>;
  /** Must not reject. */
  readonly onDelivery: (delivery: Item) => Promise<void>;
}

const EXPIRES_MS = 30_000;
/** Time after the expiry of the last request after which it counts as ended, even if the server did not say so. */
const RENEW_AFTER_MS = 5_000;
const NANOS_PER_MS = 1_000_000;
/** The credit is requested in at most this many portions. */
const PORTIONS = 16;
const RATE_PORTION_MS = 25;
/** How long `stop` waits for a server that does not answer. */
const DRAIN_MS = 1_000;
const RETRY_MS = 500;
const TOO_MANY_REQUESTS = 'Exceeded MaxWaiting';

/**
 * Pulls from one durable consumer exactly what may start: a message is never fetched to lie in a buffer while another
 * worker is idle. More is requested in portions, since the server keeps 512 requests for all workers of a consumer.
 */
export class PullLoop<Item = MessageDelivery> {
  readonly #options: PullLoopOptions<Item>;
  /** Each request has the subject `<inbox>.<batch>` for its replies. */
  readonly #inbox: string;
  readonly #share: LaneShare;
  #subscription: Subscription | undefined;
  #unsubscribeReconnected: (() => void) | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** Messages requested and not yet received. */
  #requested = 0;
  /** Those of them that the server has refused. */
  #refused = 0;
  #held = 0;
  #stopped = false;
  #onIdle: (() => void) | undefined;

  constructor(options: PullLoopOptions<Item>) {
    this.#options = options;
    this.#inbox = options.connection.newInbox();
    const { priority = 'normal', credit } = options;
    const shares = options.shares ?? new LaneShares({ timers: systemTimers, credit, onAllowed: () => this.pull() });
    this.#share = shares.join(priority, () => this.#requested);
  }

  start(): void {
    const { connection } = this.#options;
    const callback = (_error: Error | null, message: Msg) => this.#on(message);
    this.#subscription = connection.nats.subscribe(`${this.#inbox}.*`, { callback });
    this.#unsubscribeReconnected = connection.onReconnected(() => this.#pullAfresh());
    this.#pullAfresh();
  }

  /**
   * Requests what may start now and is not requested yet. Call it when more may start than before; who asks several loops gives each
   * what `credit` and `available` of the options return.
   */
  pull(credit = this.#options.credit(), available = this.#options.available()): void {
    const free = Math.min(credit - this.#held, available);
    const room = (this.#share.isShared ? this.#share.allowed(free) : free) - this.#requested;
    if (this.#stopped || room < this.#portion(credit) || !this.#options.connection.isConnected()) return;
    const { stream, consumer, connection, expiresMs = EXPIRES_MS } = this.#options;
    this.#requested += room;
    const request = JSON.stringify({ batch: room, expires: expiresMs * NANOS_PER_MS });
    const reply = `${this.#inbox}.${room}`;
    connection.nats.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, request, { reply });
    this.#renewIn(expiresMs + RENEW_AFTER_MS);
  }

  /** Stops requesting, takes what the server has sent by then, and waits until nothing is held. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribeReconnected?.();
    clearTimeout(this.#renewal);
    clearTimeout(this.#retry);
    await this.#drain();
    if (this.#held > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  /** Messages sent to a subscription that has ended would be redelivered only after their wait for an acknowledgement. */
  async #drain(): Promise<void> {
    const { connection } = this.#options;
    if (connection.isConnected())
      await within(DRAIN_MS, this.#subscription?.drain() ?? Promise.resolve()).catch(() => {});
    else this.#subscription?.unsubscribe();
  }

  /** For when no request is open any more: none outlives its connection, nor its expiry. */
  #pullAfresh(): void {
    this.#requested = 0;
    this.#refused = 0;
    this.pull();
  }

  #renewIn(ms: number): void {
    clearTimeout(this.#renewal);
    this.#renewal = setTimeout(() => this.#pullAfresh(), ms);
  }

  /** A part of the credit, but no more than a rate allows in a moment: the last of a slow rate must not wait for others. */
  #portion(credit: number): number {
    const { rate } = this.#options;
    const ofShare = this.#share.isShared ? this.#share.portion() : Infinity;
    const allowed = rate === undefined ? Infinity : (rate.starts / rate.perMs) * RATE_PORTION_MS;
    return Math.max(1, Math.floor(Math.min(credit / PORTIONS, allowed, ofShare)));
  }

  #on(message: Msg): void {
    if (message.subject.startsWith(this.#inbox)) this.#onStatus(message);
    else this.#onMessage(new ConsumerMessage(this.#options.connection.acks, message));
  }

  /**
   * 404, 408 and 409 end a request, and a header says how much of it was left; 503: the consumer is missing. Without that
   * header no request counts as open any more, except after one request too many, which leaves the others open.
   */
  #onStatus({ headers, subject }: Msg): void {
    const code = headers?.code ?? 0;
    if (code === 100) return;
    const left = Number(headers?.get('Nats-Pending-Messages') ?? '');
    if (code === 408) return this.#onExpired(left);
    const reason = headers?.description ?? String(code);
    const { stream, consumer, sink } = this.#options;
    sink.warn({ stream, consumer, reason }, 'the server ended a pull request');
    if (reason === TOO_MANY_REQUESTS) return this.#onRefused(Number(subject.slice(this.#inbox.length + 1)));
    this.#endRequest(left);
    this.#renewIn(RETRY_MS);
  }

  #onExpired(left: number): void {
    this.#endRequest(left);
    this.pull();
  }

  /** Whatever the reason, nothing comes: no other priority may wait for it. */
  #endRequest(left: number): void {
    this.#share.emptied();
    this.#requested = left > 0 ? Math.max(0, this.#requested - left) : 0;
  }

  /** Counts the refused request as open for a moment, so that it is not repeated with each message that arrives. */
  #onRefused(batch: number): void {
    this.#refused += batch;
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#requested = Math.max(0, this.#requested - this.#refused);
      this.#refused = 0;
      this.pull();
    }, RETRY_MS);
  }

  #onMessage(message: ConsumerMessage): void {
    this.#requested = Math.max(0, this.#requested - 1);
    if (this.#share.isShared) this.#share.delivered(message);
    const decoded = this.#options.decode(message);
    if (decoded.kind === 'delivery') this.#hold(decoded.delivery);
    else settleUndelivered(message, decoded, this.#options.sink);
    this.pull();
  }

  #hold(delivery: Item): void {
    this.#held++;
    void this.#options.onDelivery(delivery).then(() => this.#letGo());
  }

  #letGo(): void {
    this.#held--;
    if (this.#held === 0) this.#onIdle?.();
    this.pull();
  }
}
