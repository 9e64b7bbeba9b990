import type { EventFeed, EventLog, LogEntry, RecordedEvent } from '@jobstream/eventlog';
import { eventFrame, isShown, positionFrame } from './eventFrames.ts';
import { EventStream, type EventStreamOptions } from './eventStream.ts';
import type { FeedFilter } from './feedFilter.ts';
import type { LiveTail } from './liveTail.ts';
import type { CatchUpSemaphore } from './catchUpSemaphore.ts';

export interface LiveFeedOptions extends Pick<EventStreamOptions, 'res' | 'longRequests' | 'logger'> {
  readonly tail: LiveTail;
  readonly log: Pick<EventLog, 'follow' | 'contents'>;
  readonly catchUps: CatchUpSemaphore;
  readonly filter: FeedFilter;
  readonly after: number;
}

/** Events of the log that are decrypted and sent together. */
const BATCH_EVENTS = 100;

/**
 * One client of the live feed. It receives recent events from memory and older ones from the log.
 *
 * A slow client only has a position; when the events after it leave the memory, the feed is closed and the client resumes from
 * its position.
 */
export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #stream: EventStream;
  #position: number;
  #reader: EventFeed | undefined;
  #wake = Promise.withResolvers<void>();

  /** @throws Problem when no more feeds may be open. */
  constructor(options: LiveFeedOptions) {
    this.#options = options;
    this.#position = options.after;
    const { res, longRequests, logger } = options;
    const onTaken = () => this.#wake.resolve();
    this.#stream = new EventStream({ res, longRequests, logger, position: () => this.#position, onTaken });
  }

  /** Runs the feed; resolves when the client has disconnected or the feed was ended. */
  async run(): Promise<void> {
    using stream = this.#stream;
    stream.send(positionFrame(this.#position));
    stream.over.addEventListener('abort', () => void this.#reader?.stop(), { once: true });
    const leave = this.#options.tail.listen({ onNews: () => this.#wake.resolve(), onEnd: stream.end });
    try {
      while (!stream.over.aborted) await this.#step();
    } finally {
      leave();
      stream.close();
    }
  }

  async #step(): Promise<void> {
    const { tail, filter } = this.#options;
    const behind = this.#position < tail.floor;
    if (this.#stream.isFull) return behind ? this.#stream.disconnect('the client is too slow') : this.#nextWake();
    if (behind) return this.#catchUp();
    const chunk = tail.chunkAfter(this.#position, filter);
    const body = chunk.sealed === undefined ? chunk.body : await this.#frames(chunk.sealed);
    this.#position = chunk.through;
    if (body === undefined) return this.#nextWake();
    this.#stream.send(body);
  }

  async #frames(events: readonly RecordedEvent[]): Promise<string> {
    const { log, filter } = this.#options;
    const opened = await log.contents.openEvents(events);
    return opened.map((recorded) => eventFrame(recorded, filter.shownOf)).join('');
  }

  #nextWake(): Promise<void> {
    this.#wake = Promise.withResolvers();
    return this.#wake.promise;
  }

  async #catchUp(): Promise<void> {
    const { tail, log, catchUps } = this.#options;
    const leave = await catchUps.enter(this.#stream.over, this.#onTurnOver);
    if (leave === undefined) return;
    const reader = log.follow({ after: this.#position, links: true });
    this.#reader = reader;
    try {
      if (this.#stream.over.aborted) return;
      for await (const entries of reader) {
        await this.#sendAll(entries);
        if (this.#stream.over.aborted || this.#position >= tail.floor) return;
      }
    } finally {
      this.#reader = undefined;
      await reader.stop();
      leave();
    }
  }

  /** Sends in batchs, each when the connection has accepted the previous one. */
  async #sendAll(entries: readonly LogEntry[]): Promise<void> {
    for (let start = 0; start < entries.length && !this.#stream.over.aborted; start += BATCH_EVENTS) {
      const batch = entries.slice(start, start + BATCH_EVENTS);
      const wanted = batch.filter((entry) => isShown(entry)).filter(({ event }) => this.#options.filter.matches(event));
      const text = await this.#frames(wanted);
      await this.#stream.taken();
      if (this.#stream.over.aborted) return;
      this.#stream.send(text);
      this.#position = batch.at(-1)?.sequence ?? this.#position;
    }
  }

  readonly #onTurnOver = (): void => this.#stream.disconnect('its turn to catch up with the log is over');
}
