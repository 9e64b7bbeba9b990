import { setTimeout as pause } from 'node:timers/promises';
import {
  ClosedConnectionError,
  DrainingConnectionError,
  type Msg,
  type MsgHdrs,
  type PublishOptions,
} from '@nats-io/transport-node';
import { LogUnavailableError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { isWithoutResponders } from './serverErrors.ts';
import { Sweeper } from './sweeper.ts';

/**
 * What became of a publish. `unknown`: no acknowledgement came (timeout, or the connection was lost), so the message may
 * or may not be stored. `code`: see serverErrors.ts.
 */
export type PublishOutcome =
  | { readonly kind: 'stored'; readonly sequence: number }
  | { readonly kind: 'refused'; readonly code: number; readonly description: string }
  | { readonly kind: 'unknown'; readonly reason: string };

export type Refusal = Extract<PublishOutcome, { kind: 'refused' }>;

/** What appends need of a Publisher. */
export type BatchPublisher = Pick<Publisher, 'publish' | 'publishWithoutAck'>;

export type OnOutcome = (outcome: PublishOutcome) => void;

export interface OutgoingMessage {
  readonly subject: string;
  readonly body: string;
  readonly headers: MsgHdrs;
}

interface Pending {
  /** Cleared when it was called: a Map may keep deleted entries alive for long (see LinkedSet). */
  onOutcome: OnOutcome | undefined;
  readonly timesOutAt: number;
}

interface Acknowledgement {
  readonly seq?: number;
  readonly error?: { readonly err_code?: number; readonly code?: number; readonly description?: string };
}

const RETRY_PAUSE_MS = 50;

/**
 * Publishes to JetStream with as little work as the protocol allows: one inbox for all acknowledgements, a number in the
 * reply subject that finds the pending callback, a callback instead of a promise. Several times as fast as the client
 * library's own publish, which makes a request, a promise and a header map for each message.
 */
export class Publisher {
  readonly #connection: Connection;
  readonly #timeoutMs: number;
  readonly #inbox: string;
  /** In the order of publishing, so the oldest is always first. */
  readonly #pending = new Map<number, Pending>();
  readonly #sweeper = new Sweeper(() => this.#sweep());
  #serial = 0;

  /** `timeoutMs`: after this long without an acknowledgement the outcome of a publish is `unknown`. */
  constructor(connection: Connection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.#inbox = `${connection.newInbox()}.`;
    connection.nats.subscribe(`${this.#inbox}*`, { callback: (_error, message) => this.#onReply(message) });
    connection.onDisconnected(() => this.#settleAll('the connection was lost'));
  }

  /**
   * Publishes and calls back once with the outcome.
   *
   * @throws LogUnavailableError when the connection is closed; then nothing was sent and there is no callback.
   * @throws the client's error when the message is larger than the server's `max_payload`.
   */
  publish(subject: string, body: Uint8Array, headers: MsgHdrs, onOutcome: OnOutcome): void {
    const serial = this.#serial++;
    this.#send(subject, body, { headers, reply: this.#inbox + String(serial) });
    this.#pending.set(serial, { onOutcome, timesOutAt: performance.now() + this.#timeoutMs });
    this.#sweeper.start();
  }

  /** Publishes a message that the server does not acknowledge, such as an inner one of an atomic batch; throws as `publish`. */
  publishWithoutAck(subject: string, body: Uint8Array, headers: MsgHdrs): void {
    this.#send(subject, body, { headers });
  }

  /** Settles all pending publishes as `unknown`. */
  stop(): void {
    this.#sweeper.stop();
    this.#settleAll('the event log was stopped');
  }

  #send(subject: string, body: Uint8Array, options: PublishOptions): void {
    try {
      this.#connection.nats.publish(subject, body, options);
    } catch (error) {
      if (!(error instanceof ClosedConnectionError || error instanceof DrainingConnectionError)) throw error;
      throw new LogUnavailableError('the connection is closed', { cause: error });
    }
  }

  #onReply(message: Msg): void {
    const serial = Number(message.subject.slice(this.#inbox.length));
    const pending = this.#pending.get(serial);
    if (pending !== undefined) this.#settle(serial, pending, outcomeOf(message));
  }

  #sweep(): void {
    const now = performance.now();
    for (const [serial, pending] of this.#pending) {
      if (pending.timesOutAt > now) return;
      this.#settle(serial, pending, { kind: 'unknown', reason: 'no acknowledgement in time' });
    }
  }

  #settle(serial: number, pending: Pending, outcome: PublishOutcome): void {
    const { onOutcome } = pending;
    this.#pending.delete(serial);
    if (this.#pending.size === 0) this.#sweeper.stop();
    pending.onOutcome = undefined;
    onOutcome?.(outcome);
  }

  #settleAll(reason: string): void {
    const all = [...this.#pending]; // a callback may publish again
    for (const [serial, pending] of all) this.#settle(serial, pending, { kind: 'unknown', reason });
  }
}

/**
 * Publishes until the message is stored or the server refuses it. Use it for messages that may be stored twice, since an
 * unknown outcome is tried again.
 *
 * @returns the refusal, or undefined once the message is stored.
 * @throws LogUnavailableError after `deadlineMs`, or when the connection is closed.
 */
export async function publishUntilStored(
  publisher: Pick<Publisher, 'publish'>,
  message: OutgoingMessage,
  deadlineMs: number,
): Promise<Refusal | undefined> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const outcome = await publishOnce(publisher, message);
    if (outcome.kind === 'stored') return undefined;
    if (outcome.kind === 'refused' && !isWithoutResponders(outcome.code)) return outcome;
    if (performance.now() >= deadline) throw new LogUnavailableError(`a message on ${message.subject} was not stored`);
    await pause(RETRY_PAUSE_MS);
  }
}

/** As `Publisher.publish`, with a promise of the outcome; rejects where that throws. */
export function publishOnce(
  publisher: Pick<Publisher, 'publish'>,
  { subject, body, headers }: OutgoingMessage,
): Promise<PublishOutcome> {
  return new Promise((resolve) => publisher.publish(subject, Buffer.from(body), headers, resolve));
}

function outcomeOf(message: Msg): PublishOutcome {
  if (message.data.length === 0) return refused(message.headers?.code, 'no stream listens');
  const { seq, error } = message.json<Acknowledgement>();
  if (error !== undefined) return refused(error.err_code ?? error.code, error.description);
  return seq === undefined ? refused(undefined, 'an answer without sequence') : { kind: 'stored', sequence: seq };
}

function refused(code = 0, description = 'no reason given'): PublishOutcome {
  return { kind: 'refused', code, description };
}
