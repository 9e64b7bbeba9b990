import type { EventFeed, EventLog, LogEntry } from '@jobstream/eventlog';
import type { Logger } from '@jobstream/runtime';
import type { Response } from 'express';
import { eventFrame, positionFrame } from './eventFrame.ts';
import { openEventStream } from './eventStream.ts';
import type { FeedFilter } from './feedFilter.ts';
import type { LiveTail } from './liveTail.ts';
import type { ReaderPlaces } from './readerPlaces.ts';
import { CHUNK_CHARS } from './recentEvents.ts';

export interface LiveFeedOptions {
  readonly res: Response;
  readonly tail: LiveTail;
  readonly log: Pick<EventLog, 'follow'>;
  readonly places: ReaderPlaces;
  readonly filter: FeedFilter;
  readonly after: number;
  readonly logger: Logger;
}

const HEARTBEAT_MS = 15_000;

/**
 * One client of the live feed. It is sent what the tail has in memory; what is older it reads from the log first. Nothing
 * is kept for a client but what its connection has not taken yet: while that waits, the client only has a position, and
 * if the tail forgets what comes after the position, the client is cut off and resumes from where it was.
 */
export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #res: Response;
  #position: number;
  #reader: EventFeed | undefined;
  #ended = false;
  #stalled = false;
  #wake = Promise.withResolvers<void>();

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    this.#res = options.res;
    this.#position = options.after;
  }

  /** Resolves when the client has gone or the feed was ended. */
  async run(): Promise<void> {
    openEventStream(this.#res);
    this.#res.write(positionFrame(this.#position));
    this.#res.on('drain', this.#onDrain);
    this.#res.once('close', this.end);
    const leave = this.#options.tail.listen({ onNews: () => this.#wake.resolve(), onEnd: this.end });
    const heart = setInterval(() => this.#beat(), HEARTBEAT_MS);
    try {
      while (!this.#ended) await this.#step();
    } finally {
      clearInterval(heart);
      leave();
      this.#res.end();
    }
  }

  readonly end = (): void => {
    this.#ended = true;
    this.#wake.resolve();
    void this.#reader?.stop();
  };

  readonly #onDrain = (): void => {
    this.#stalled = false;
    this.#wake.resolve();
  };

  async #step(): Promise<void> {
    const { tail, filter } = this.#options;
    const behind = this.#position < tail.floor;
    if (this.#res.writableNeedDrain) return behind ? this.#cut() : this.#news();
    if (behind) return this.#catchUp();
    const { through, body } = tail.chunkAfter(this.#position, filter);
    this.#position = through;
    if (body === undefined) return this.#news();
    this.#res.write(body);
  }

  #news(): Promise<void> {
    this.#wake = Promise.withResolvers();
    return this.#wake.promise;
  }

  async #catchUp(): Promise<void> {
    const { tail, log, places } = this.#options;
    const leave = await places.enter();
    const reader = log.follow({ after: this.#position });
    this.#reader = reader;
    try {
      if (this.#ended) return;
      for await (const entries of reader) {
        await this.#sendAll(entries);
        if (this.#ended || this.#position >= tail.floor) return;
      }
    } finally {
      this.#reader = undefined;
      await reader.stop();
      leave();
    }
  }

  /** Sends piece by piece, each when the connection has taken the one before. */
  async #sendAll(entries: readonly LogEntry[]): Promise<void> {
    let text = '';
    for (const entry of entries) {
      if (entry.kind === 'event' && this.#options.filter.matches(entry.event)) text += eventFrame(entry);
      if (text.length < CHUNK_CHARS && entry !== entries.at(-1)) continue;
      while (this.#res.writableNeedDrain && !this.#ended) await this.#news();
      if (this.#ended) return;
      if (text !== '') this.#res.write(text);
      this.#position = entry.sequence;
      text = '';
    }
  }

  /** Also tells the position, or a client whose filter is narrow would resume from far back. */
  #beat(): void {
    if (!this.#res.writableNeedDrain) this.#res.write(`: heartbeat\n${positionFrame(this.#position)}`);
    else if (this.#stalled) this.#cut();
    else this.#stalled = true;
  }

  #cut(): void {
    this.#options.logger.info({ position: this.#position }, 'a feed was cut off: its client is too slow');
    this.#res.destroy();
    this.end();
  }
}
