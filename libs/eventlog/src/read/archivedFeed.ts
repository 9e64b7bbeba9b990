import { LogGapError } from '../errors.ts';
import type { StoredBytes } from './directReader.ts';
import type { ExpiredEvents } from './expiredEvents.ts';
import { decodeLogEntry, type EventFeed, type HeaderFields, type LogEntry } from './logEntry.ts';

export interface ArchivedFeedOptions extends HeaderFields {
  readonly after: number;
  readonly expired: Pick<ExpiredEvents, 'messagesAfter'>;
  /** Follows the log after this sequence; throws LogGapError where the next messages have expired. */
  readonly follow: (after: number) => EventFeed;
}

/**
 * Feeds the log from a position on: expired messages from the archive, then the log itself, and the archive again
 * whenever the next messages have expired meanwhile.
 */
export class ArchivedFeed implements EventFeed {
  readonly #options: ArchivedFeedOptions;
  #feed: EventFeed | undefined;
  #position: number;
  /** The last sequence that the log was found not to have. */
  #missing = 0;
  #stopped = false;

  constructor(options: ArchivedFeedOptions) {
    this.#options = options;
    this.#position = options.after;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<readonly LogEntry[]> {
    while (!this.#stopped) {
      const before = this.#position;
      yield* this.#archived();
      // Reading an archive takes time, and more messages may have expired by now.
      if (this.#position === before && !this.#stopped) yield* this.#followed();
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#feed?.stop();
  }

  async *#archived(): AsyncGenerator<readonly LogEntry[]> {
    const { expired } = this.#options;
    for await (const messages of expired.messagesAfter(this.#position, this.#missing)) {
      if (this.#stopped) return;
      yield messages.map((message) => entryOfBytes(message, this.#options));
      this.#position = messages.at(-1)?.sequence ?? this.#position;
    }
  }

  /** Until the stop, or until the next messages have expired. */
  async *#followed(): AsyncGenerator<readonly LogEntry[]> {
    this.#feed = this.#options.follow(this.#position);
    try {
      for await (const entries of this.#feed) {
        yield entries;
        this.#position = entries.at(-1)?.sequence ?? this.#position;
      }
    } catch (error) {
      if (!(error instanceof LogGapError)) throw error;
      this.#missing = error.last;
    }
  }
}

/** Decodes a message that was read byte for byte. */
export function entryOfBytes(message: StoredBytes, fields: HeaderFields = {}): LogEntry {
  const { sequence, subject, recordedAt, headers, body } = message;
  const readable = {
    sequence,
    subject,
    storedAt: () => recordedAt,
    text: () => Buffer.from(body).toString(),
    header: (name: string) => headers[name],
    body: () => body,
  };
  return decodeLogEntry(readable, fields);
}
