import { decodeLogEntry } from './logEntryCodec.ts';
import type { EventFeed } from './eventFeed.ts';
import type { ForgottenEvents } from './forgottenEvents.ts';
import type { StoredBytes } from './logArchive.ts';
import type { LogEntry } from './logEntry.ts';

export interface ArchivedFeedOptions {
  readonly after: number;
  readonly traces: boolean;
  readonly forgotten: Pick<ForgottenEvents, 'messagesAfter'>;
  /** Follows the log from there on. */
  readonly follow: (after: number) => EventFeed;
}

/** The log from a position on: from its archive as far as it has forgotten it, then from the log itself. */
export class ArchivedFeed implements EventFeed {
  readonly #options: ArchivedFeedOptions;
  #feed: EventFeed | undefined;
  #stopped = false;

  constructor(options: ArchivedFeedOptions) {
    this.#options = options;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<readonly LogEntry[]> {
    const { after, forgotten, traces } = this.#options;
    let position = after;
    for await (const messages of forgotten.messagesAfter(after)) {
      if (this.#stopped) return;
      yield messages.map((message) => decodeLogEntry(readable(message), traces));
      position = messages.at(-1)?.sequence ?? position;
    }
    if (this.#stopped) return;
    this.#feed = this.#options.follow(position);
    yield* this.#feed;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#feed?.stop();
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
