import type { JetStreamManager } from '@nats-io/jetstream';
import type { Connection } from '../../connection/connection.ts';
import type { ConsumerMessage } from '../../connection/consumerMessage.ts';
import { LogGapError } from '../../errors.ts';
import type { LogSink } from '../../connection/logSink.ts';
import { decodeLogEntry, type EventFeed, type HeaderFields, type LogEntry } from '../logEntry.ts';
import { isForbidden } from '../../connection/serverErrors.ts';
import { ReopenedConsumer } from './reopenedConsumer.ts';
import { JOBS_STREAM } from '../../streams/streams.ts';

export interface LogFollowerOptions extends HeaderFields {
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  readonly after: number;
  /** Whether to take a consumer that exists, for a user that may create none; default false. */
  readonly reserved?: boolean;
  /** Whether to throw LogGapError where the next messages have expired, instead of going on after the gap. */
  readonly endsAtGap?: boolean;
  readonly sink: LogSink;
}

/**
 * Bounds for entries that are in memory or requested, so that a backlog of any size stays harmless. They are requested in
 * portions, so that the server always has one to work on.
 */
const WINDOW = 10_000;
const PORTION = 2_500;
const MAX_BYTES = 8_000_000;
const PORTION_BYTES = MAX_BYTES / (WINDOW / PORTION);
/** Bytes that the server counts beside the payload of a message: its subject and its reply subject. */
const SUBJECT_BYTES = 8_192;
const RETRY_PAUSE_MS = 250;
/** Each try is a line in the server's log. */
const FORBIDDEN_PAUSE_MS = 4_000;
const FORBIDDEN = 'this user may create no consumer, and those for it are missing: the command migrate creates them';

/**
 * Follows the stream JOBS and yields all entries that have arrived in one array, so that a backlog costs no promise per
 * message. While its reader is busy it requests at most a window of them. It survives the loss of its consumer: the next
 * one begins after the last sequence that arrived.
 */
export class LogFollower implements EventFeed {
  readonly #options: LogFollowerOptions;
  /** A message larger than a request allows would never be delivered. */
  readonly #portionBytes: number;
  readonly #consumer: ReopenedConsumer;
  #lastSequence: number;
  #arrived: LogEntry[] = [];
  #arrivedBytes = 0;
  #failure: Error | undefined;
  #news = Promise.withResolvers<void>();

  constructor(options: LogFollowerOptions) {
    this.#options = options;
    this.#lastSequence = options.after;
    const largest = (options.connection.nats.info?.max_payload ?? 0) + SUBJECT_BYTES;
    this.#portionBytes = Math.max(PORTION_BYTES, largest);
    this.#consumer = new ReopenedConsumer({
      connection: options.connection,
      settings: () => ({
        ...options,
        stream: JOBS_STREAM,
        after: this.#lastSequence,
        onMessage: (message) => this.#onMessage(message),
        onRequestEnded: () => this.#requestMore(),
      }),
      onOpened: () => this.#requestMore(),
      onLost: (reason) => this.#onLost(reason),
    });
  }

  async *[Symbol.asyncIterator](): AsyncIterator<readonly LogEntry[]> {
    const following = this.#consumer.run();
    try {
      while (!this.#consumer.isStopped) {
        const entries = this.#takeArrived();
        if (entries.length > 0) yield entries;
        else if (this.#failure !== undefined) throw this.#failure;
        else await this.#news.promise;
      }
    } finally {
      await this.stop();
      await following;
    }
  }

  async stop(): Promise<void> {
    this.#consumer.stop();
    this.#news.resolve();
    await Promise.resolve();
  }

  /** The next consumer begins where the last one stopped. */
  #onLost(reason: unknown): number | 'end' {
    if (this.#failure !== undefined) return 'end';
    const forbidden = isForbidden(reason);
    const why = forbidden ? FORBIDDEN : String(reason);
    this.#options.sink.info({ reason: why, after: this.#lastSequence }, 'following the log with a new consumer');
    return forbidden ? FORBIDDEN_PAUSE_MS : RETRY_PAUSE_MS;
  }

  #onMessage(message: ConsumerMessage): void {
    if (this.#failure !== undefined) return;
    try {
      if (message.sequence > this.#lastSequence + 1) this.#onGap(message.sequence - 1);
      this.#arrived.push(decodeLogEntry(message, this.#options));
      this.#arrivedBytes += message.size();
      this.#lastSequence = message.sequence;
      this.#requestMore();
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#consumer.current?.close();
    }
    this.#news.resolve();
  }

  /**
   * The messages up to `last` have expired: the server silently begins at the next one. A follower that begins at 0
   * begins wherever the log does.
   */
  #onGap(last: number): void {
    const first = this.#lastSequence + 1;
    if (this.#options.endsAtGap === true) throw new LogGapError(first, last);
    if (first > 1) this.#options.sink.warn({ first, last }, 'messages expired before they were read');
  }

  #requestMore(): void {
    const consumer = this.#consumer.current;
    if (consumer === undefined || this.#arrivedBytes >= MAX_BYTES) return;
    while (this.#arrived.length + consumer.outstanding <= WINDOW - PORTION) {
      consumer.request({ batch: PORTION, maxBytes: this.#portionBytes });
    }
  }

  #takeArrived(): LogEntry[] {
    const entries = this.#arrived;
    this.#arrived = [];
    this.#arrivedBytes = 0;
    this.#news = Promise.withResolvers();
    this.#requestMore();
    return entries;
  }
}
