import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { isWithoutResponders } from './serverErrors.ts';
import type { Connection } from './connection.ts';
import { setTimeout as pause } from 'node:timers/promises';
import { LogUnavailableError } from '../errors.ts';

const PAUSE_MS = 50;

/**
 * What became of a publish. `unknown`: no answer came (time ran out, or the connection was lost), so it may or may not
 * be stored. `code` is JetStream's error code, or 503 when no stream listens.
 */
export type PublishOutcome =
  | { readonly kind: 'stored'; readonly sequence: number }
  | { readonly kind: 'refused'; readonly code: number; readonly description: string }
  | { readonly kind: 'unknown'; readonly reason: string };

export type OnOutcome = (outcome: PublishOutcome) => void;

interface Pending {
  /** Forgotten when it was called: a Map may keep what was deleted from it for long (see LinkedSet). */
  onOutcome: OnOutcome | undefined;
  readonly giveUpAt: number;
}

interface Acknowledgement {
  readonly seq?: number;
  readonly error?: { readonly err_code?: number; readonly code?: number; readonly description?: string };
}

const SWEEP_MS = 100;

/**
 * Publishes to JetStream with as little work as the protocol allows: one inbox for all acknowledgements, a number in the
 * reply subject that finds the waiting caller, a callback instead of a promise. Several times as fast as the client
 * library's own publish, which makes a request, a promise and a header map for each message.
 */
export class Publisher {
  readonly #connection: Connection;
  readonly #timeoutMs: number;
  readonly #inbox: string;
  /** In the order of publishing, so the oldest is always first. */
  readonly #pending = new Map<number, Pending>();
  readonly #sweeper: NodeJS.Timeout;
  #serial = 0;

  constructor(connection: Connection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.#inbox = `${connection.newInbox()}.`;
    connection.nats.subscribe(`${this.#inbox}*`, { callback: (_error, message) => this.#onAnswer(message) });
    connection.onDisconnected(() => this.#settleAll('the connection was lost'));
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
  }

  /** Publishes and calls back once with the outcome; throws if the message exceeds what the server takes. */
  publish(subject: string, body: Uint8Array, headers: MsgHdrs, onOutcome: OnOutcome): void {
    const serial = this.#serial++;
    this.#connection.nats.publish(subject, body, { headers, reply: this.#inbox + String(serial) });
    this.#pending.set(serial, { onOutcome, giveUpAt: performance.now() + this.#timeoutMs });
  }

  /** Publishes a message that nobody answers, such as an inner member of an atomic batch. */
  publishWithoutAck(subject: string, body: Uint8Array, headers: MsgHdrs): void {
    this.#connection.nats.publish(subject, body, { headers });
  }

  stop(): void {
    clearInterval(this.#sweeper);
    this.#settleAll('the event log was stopped');
  }

  #onAnswer(message: Msg): void {
    const serial = Number(message.subject.slice(this.#inbox.length));
    const pending = this.#pending.get(serial);
    if (pending === undefined) return;
    this.#settle(serial, pending, outcomeOf(message));
  }

  #sweep(): void {
    const now = performance.now();
    for (const [serial, pending] of this.#pending) {
      if (pending.giveUpAt > now) return;
      this.#settle(serial, pending, { kind: 'unknown', reason: 'no acknowledgement in time' });
    }
  }

  #settle(serial: number, pending: Pending, outcome: PublishOutcome): void {
    const { onOutcome } = pending;
    this.#pending.delete(serial);
    pending.onOutcome = undefined;
    onOutcome?.(outcome);
  }

  #settleAll(reason: string): void {
    const all = [...this.#pending];
    for (const [serial, pending] of all) this.#settle(serial, pending, { kind: 'unknown', reason });
  }
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

export interface OutgoingMessage {
  readonly subject: string;
  readonly body: string;
  readonly headers: MsgHdrs;
}

type Refusal = Extract<PublishOutcome, { kind: 'refused' }>;

/**
 * Publishes until the message is stored or the server refuses it, and returns the refusal if any. An unknown outcome is
 * tried again, so the message must be one that may be stored twice: LogUnavailableError after the deadline.
 */
export async function publishUntilStored(
  publisher: Publisher,
  message: OutgoingMessage,
  deadlineMs: number,
): Promise<Refusal | undefined> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const outcome = await publishOnce(publisher, message);
    if (outcome.kind === 'stored') return undefined;
    if (outcome.kind === 'refused' && !isWithoutResponders(outcome.code)) return outcome;
    if (performance.now() >= deadline) throw new LogUnavailableError(`a message on ${message.subject} was not stored`);
    await pause(PAUSE_MS);
  }
}

function publishOnce(publisher: Publisher, { subject, body, headers }: OutgoingMessage): Promise<PublishOutcome> {
  return new Promise((resolve) => publisher.publish(subject, Buffer.from(body), headers, resolve));
}
