import type { JobEvent } from '@jobstream/domain';
import { decodeStoredEvent } from './decodeStoredEvent.ts';
import { ConcurrentAppendError, HistoryIncompleteError, NewerEventError } from '../errors.ts';
import type { LogArchive, StoredBytes } from './logArchive.ts';
import type { LogMessages } from './logMessages.ts';
import type { RecordedEvent } from './recordedEvent.ts';

export interface ExpiredEventsOptions {
  readonly archive: LogArchive;
  readonly messages: Pick<LogMessages, 'span' | 'from'>;
  /** How long the log keeps messages, 0 for ever. */
  readonly maxAgeMs: number;
}

/** What must be left of the life of the oldest message that is in the log alone, when something is decided on it. */
const MARGIN_MS = 60_000;
const MARGIN_SHARE = 0.1;

/**
 * What the log has forgotten, from its archive. The archive that a process knows may be older than the log that it
 * reads; here it is made sure that nothing falls between the two. HistoryIncompleteError where something has.
 */
export class ExpiredEvents {
  readonly #archive: LogArchive;
  readonly #messages: Pick<LogMessages, 'span' | 'from'>;
  readonly #maxAgeMs: number;
  /** Until then, what the archive did not have when it was last looked at is in the log for certain. */
  #completeUntil = 0;

  constructor({ archive, messages, maxAgeMs }: ExpiredEventsOptions) {
    this.#archive = archive;
    this.#messages = messages;
    this.#maxAgeMs = maxAgeMs;
  }

  /**
   * The events of a job before this sequence that are in the archive, oldest first. To be called after the log was read:
   * what it had forgotten by then is looked for.
   */
  async eventsBefore(sequence: number, jobId: string): Promise<readonly RecordedEvent[]> {
    if (!(await this.#isNeeded())) return [];
    const messages = await this.#archive.messagesOf(jobId);
    return messages.filter((message) => message.sequence < sequence).flatMap(recordedEvent);
  }

  /**
   * The messages after this sequence that the log has forgotten, in order, and more; nothing if it has them all. Those up
   * to `missing` were not in the log when it was read.
   */
  async *messagesAfter(sequence: number, missing = 0): AsyncGenerator<readonly StoredBytes[]> {
    const { first } = await this.#messages.span();
    const last = Math.max(first - 1, missing);
    if (last <= sequence) return;
    await this.#cover(last);
    yield* this.#archive.messagesAfter(sequence);
  }

  /**
   * ConcurrentAppendError when one of these is the creation of a job that there was already, under the same key. Where the
   * log has forgotten it, the log itself would take it for a new one.
   */
  async assertNew(events: readonly JobEvent[]): Promise<void> {
    for (const { event, jobId, data } of events) {
      if (event !== 'JobCreated' || data.idempotencyKey === undefined) continue;
      if (await this.#hasJob(jobId)) throw new ConcurrentAppendError(`job ${jobId}`, 0);
    }
  }

  /** What the log may have forgotten by the time that the append arrives counts as forgotten. */
  async #hasJob(jobId: string): Promise<boolean> {
    if (Date.now() >= this.#completeUntil) await this.#look();
    return (await this.#archive.messagesOf(jobId)).length > 0;
  }

  async #isNeeded(): Promise<boolean> {
    const { first } = await this.#messages.span();
    if (first > 1) await this.#cover(first - 1);
    return first > 1;
  }

  /** Makes sure that the archive is known up to there at least. */
  async #cover(sequence: number): Promise<void> {
    if (this.#archive.span.last >= sequence) return;
    const { last } = await this.#archive.refresh();
    if (last < sequence) throw new HistoryIncompleteError(last + 1, sequence);
  }

  async #look(): Promise<void> {
    await this.#archive.refresh();
    const { first } = await this.#messages.span();
    await this.#cover(first - 1);
    const { last } = this.#archive.span;
    this.#completeUntil = this.#maxAgeMs === 0 ? Infinity : await this.#endOfLife(last + 1);
    if (Date.now() >= this.#completeUntil) throw new HistoryIncompleteError(last + 1, last + 1);
  }

  /** Until when the log keeps this message, or the next one that is written, with a margin. */
  async #endOfLife(sequence: number): Promise<number> {
    const now = Date.now();
    const [message] = await this.#messages.from(sequence, { count: 1 });
    const recordedAt = message === undefined ? now : Date.parse(message.recordedAt);
    return recordedAt + this.#maxAgeMs - Math.min(MARGIN_MS, this.#maxAgeMs * MARGIN_SHARE);
  }
}

function recordedEvent({ sequence, subject, recordedAt, body }: StoredBytes): RecordedEvent[] {
  const decoded = decodeStoredEvent(subject, Buffer.from(body).toString());
  if (decoded.kind === 'newer') throw new NewerEventError(sequence, decoded.version);
  return decoded.kind === 'malformed' ? [] : [{ sequence, recordedAt, event: decoded.event }];
}
