import { isCreation, type JobEvent, type LoggedEvent } from '@jobstream/domain';
import { ConcurrentAppendError, HistoryIncompleteError } from '../errors.ts';
import type { ServerClock } from '../connection/serverClock.ts';
import type { ExpiryRule } from '../streams/streams.ts';
import type { LogMessages, SequenceSpan, StoredBytes } from './directReader.ts';
import { decodeRecordedEvent, type RecordedEvent } from './logEntry.ts';

/**
 * Port to the archive of messages that have expired from the log: the beginning of the log, as far as `span` tells. It
 * returns exactly what the log had, or rejects.
 */
export interface LogArchive {
  /** As of the last refresh. */
  readonly span: SequenceSpan;
  /** Loads what was added since. */
  refresh(): Promise<SequenceSpan>;
  /** Returns all messages about a job, oldest first. */
  messagesOf(jobId: string): Promise<readonly StoredBytes[]>;
  /** Yields the messages after this sequence, in order. */
  messagesAfter(sequence: number): AsyncIterable<readonly StoredBytes[]>;
}

export interface ExpiredEventsOptions {
  readonly archive: LogArchive;
  readonly messages: Pick<LogMessages, 'span' | 'from'>;
  readonly rule: ExpiryRule;
  /** Events expire by the clock of the server. */
  readonly clock: Pick<ServerClock, 'now'>;
}

/** Lifetime that the oldest message outside the archive must have left when a decision relies on it. */
const MARGIN_MS = 60_000;
const MARGIN_SHARE = 0.1;
/** The keeper leaves messages in the log for twice as long after they were archived. */
const REFRESH_MS = 300_000;

/**
 * Reads events that have expired from the log out of its archive. A process may know an older state of the archive than
 * of the log; this class makes sure that no message falls between the two. Every method rejects with
 * HistoryIncompleteError when messages are neither in the log nor in the archive.
 */
export class ExpiredEvents {
  readonly #archive: LogArchive;
  readonly #messages: Pick<LogMessages, 'span' | 'from'>;
  readonly #rule: ExpiryRule;
  readonly #clock: Pick<ServerClock, 'now'>;
  /** Until then, every message missing from the last known archive is certainly in the log. */
  #completeUntil = 0;

  constructor({ archive, messages, rule, clock }: ExpiredEventsOptions) {
    this.#archive = archive;
    this.#messages = messages;
    this.#rule = rule;
    this.#clock = clock;
  }

  /** Returns the archived events of a job before this sequence, oldest first. Call it after the log was read. */
  async eventsBefore(sequence: number, jobId: string): Promise<readonly RecordedEvent<LoggedEvent>[]> {
    const { first } = await this.#messages.span();
    if (first <= 1) return [];
    await this.#cover(first - 1);
    const messages = await this.#archive.messagesOf(jobId);
    return messages
      .filter((message) => message.sequence < sequence)
      .flatMap((message) => {
        const header = (name: string) => message.headers[name];
        return decodeRecordedEvent(message, Buffer.from(message.body).toString(), header);
      });
  }

  /**
   * Yields the expired messages after this sequence, in order, and possibly more; none if the log still has them all.
   *
   * @param missing up to this sequence, messages were already missing when the log was read.
   */
  async *messagesAfter(sequence: number, missing = 0): AsyncGenerator<readonly StoredBytes[]> {
    const { first } = await this.#messages.span();
    const last = Math.max(first - 1, missing);
    if (last <= sequence) return;
    await this.#cover(last);
    yield* this.#archive.messagesAfter(sequence);
  }

  /**
   * Rejects with ConcurrentAppendError if one of the events creates a job that exists already under the same idempotency
   * key. The log itself cannot tell once the first creation has expired.
   */
  async assertNew(events: readonly JobEvent[]): Promise<void> {
    for (const event of events) {
      if (!isCreation(event) || event.data.idempotencyKey === undefined) continue;
      if (await this.#hasJob(event.jobId)) throw new ConcurrentAppendError(`job ${event.jobId}`, 0);
    }
  }

  /** Messages that may expire before the append arrives count as expired. */
  async #hasJob(jobId: string): Promise<boolean> {
    if (this.#clock.now() >= this.#completeUntil) await this.#refresh();
    return (await this.#archive.messagesOf(jobId)).length > 0;
  }

  /** Makes sure that the archive is known at least up to this sequence. */
  async #cover(sequence: number): Promise<void> {
    if (this.#archive.span.last >= sequence) return;
    const { last } = await this.#archive.refresh();
    if (last < sequence) throw new HistoryIncompleteError(last + 1, sequence);
  }

  async #refresh(): Promise<void> {
    const asked = this.#clock.now();
    await this.#archive.refresh();
    const { first } = await this.#messages.span();
    await this.#cover(first - 1);
    const { last } = this.#archive.span;
    this.#completeUntil = await this.#completeFrom(asked, last + 1);
    if (this.#clock.now() >= this.#completeUntil) throw new HistoryIncompleteError(last + 1, last + 1);
  }

  /** Until when a message that the archive did not have at the time `asked` is certainly in the log. */
  #completeFrom(asked: number, sequence: number): number | Promise<number> {
    const rule = this.#rule;
    if (rule.kind === 'kept') return Infinity;
    return rule.kind === 'purged' ? asked + REFRESH_MS : this.#expiryOf(sequence, rule.maxAgeMs);
  }

  /** When this message, or the next one to be written, expires, less a margin. */
  async #expiryOf(sequence: number, maxAgeMs: number): Promise<number> {
    const now = this.#clock.now();
    const [message] = await this.#messages.from(sequence, { count: 1 });
    const recordedAt = message === undefined ? now : Date.parse(message.recordedAt);
    return recordedAt + maxAgeMs - Math.min(MARGIN_MS, maxAgeMs * MARGIN_SHARE);
  }
}
