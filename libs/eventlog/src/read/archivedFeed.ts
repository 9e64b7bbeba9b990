import { decodeLogEntry } from './logEntryCodec.ts';
import { LogGapError } from '../errors.ts';
import type { EventFeed } from './eventFeed.ts';
import type { ExpiredEvents } from './expiredEvents.ts';
import type { StoredBytes } from './logArchive.ts';
import type { LogEntry } from './logEntry.ts';

export interface ArchivedFeedOptions {
  readonly after: number;
  readonly traces: boolean;
  readonly expired: Pick<ExpiredEvents, 'messagesAfter'>;
  /** Follows the log from there on: LogGapError where the next messages have expired. */
  readonly follow: (after: number) => EventFeed;
}

/**
 * The log from a position on: from its archive as far as messages have expired, then from the log itself, and from the
 * archive again whenever the next messages have expired.
 */
export class ArchivedFeed implements EventFeed {
  readonly #options: ArchivedFeedOptions;
  #feed: EventFeed | undefined;
  #position: number;
  /** Up to there, the log was found not to have what comes next. */
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
      // Reading an archive takes its time, and more messages may have expired by now.
      if (this.#position === before && !this.#stopped) yield* this.#followed();
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#feed?.stop();
  }

  async *#archived(): AsyncGenerator<readonly LogEntry[]> {
    const { expired, traces } = this.#options;
    for await (const messages of expired.messagesAfter(this.#position, this.#missing)) {
      if (this.#stopped) return;
      yield messages.map((message) => decodeLogEntry(readable(message), traces));
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

function readable({ sequence, subject, recordedAt, headers, body }: StoredBytes) {
  return {
    sequence,
    subject,
    storedAt: () => recordedAt,
    text: () => Buffer.from(body).toString(),
    header: (name: string) => headers[name],
    body: () => body,
  };
}
