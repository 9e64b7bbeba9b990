import type { ReceivedMessage } from '../connection/consumerMessage.ts';
import { LinkedSet, type Place } from '../connection/linkedSet.ts';
import type { LogSink } from '../connection/logSink.ts';

/** Why a message makes no delivery now: before its time, written by a newer release, or not readable by any. */
export type Undelivered =
  | { readonly kind: 'early'; readonly delayMs: number }
  | { readonly kind: 'newer'; readonly reason: string }
  | { readonly kind: 'malformed'; readonly reason: string };

/** Before what only a newer release can read is offered again. */
export const NEWER_DELAY_MS = 5_000;

/**
 * Prevents and orders redeliveries. While it holds a delivery it extends the server's wait for the acknowledgement, so
 * that a busy process causes no redelivery. Redeliveries with the same key run one after the other: a message that is
 * delivered again while its job is being worked on is settled afterwards, from the job's state by then.
 */
export class RedeliveryGuard<Item extends { keepAlive(): void }> {
  readonly #held = new LinkedSet<Item>();
  readonly #lastOfKey = new Map<string, Promise<void>>();
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(ackWaitMs: number) {
    this.setAckWait(ackWaitMs);
  }

  /** For consumers that turn out to have another wait. */
  setAckWait(ackWaitMs: number): void {
    clearInterval(this.#heartbeat);
    // It is the connection that keeps a worker alive; a log in memory has none.
    this.#heartbeat = setInterval(() => this.#keepAlive(), ackWaitMs / 3).unref();
  }

  /** Holds a delivery until `handle`, which must not reject, has settled; deliveries of other keys do not wait. */
  hold(item: Item, key: string, handle: (item: Item) => Promise<void>): Promise<void> {
    const place = this.#held.add(item);
    const earlier = this.#lastOfKey.get(key);
    const turn = earlier === undefined ? handle(item) : earlier.then(() => handle(item));
    this.#lastOfKey.set(key, turn);
    return turn.then(() => this.#letGo(place, key, turn));
  }

  stop(): void {
    clearInterval(this.#heartbeat);
  }

  #letGo(place: Place<Item>, key: string, turn: Promise<void>): void {
    this.#held.remove(place);
    if (this.#lastOfKey.get(key) === turn) this.#lastOfKey.delete(key);
  }

  #keepAlive(): void {
    for (const item of this.#held) item.keepAlive();
  }
}

/**
 * Settles a message that makes no delivery now: it is redelivered at its time, or later for a worker of a newer release,
 * or terminated.
 */
export function settleUndelivered(message: ReceivedMessage, undelivered: Undelivered, sink: LogSink): void {
  if (undelivered.kind === 'early') return message.nak(undelivered.delayMs);
  const { sequence, subject } = message;
  const { kind, reason } = undelivered;
  sink.warn({ sequence, subject, problem: reason }, `${kind} work message rejected`);
  if (kind === 'newer') message.nak(NEWER_DELAY_MS);
  else message.term();
}
