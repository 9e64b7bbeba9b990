import type { EventFeed, EventLog, LogEntry, RecordedEvent } from '@jobstream/eventlog';
import type { Logger } from '@jobstream/runtime';
import type { Response } from 'express';
import { eventFrame, openEventStream, positionFrame } from './eventStream.ts';
import type { FeedFilter } from './feedFilter.ts';
import type { LiveTail } from './liveTail.ts';
import type { ReplaySemaphore } from './replaySemaphore.ts';

export interface LiveFeedOptions {
  readonly res: Response;
  readonly tail: LiveTail;
  readonly log: Pick<EventLog, 'follow' | 'contents'>;
  readonly places: ReplaySemaphore;
  readonly filter: FeedFilter;
  readonly after: number;
  readonly logger: Logger;
}

const HEARTBEAT_MS = 15_000;
/** Events of the log that are read, opened and sent at once. */
const PIECE = 100;

/**
 * One client of the live feed. It is sent what the tail has in memory; what is older it reads from the log first. Nothing
 * is kept for a client but what its connection has not taken yet: while that waits, the client only has a position, and
 * if the tail forgets what comes after the position, the client is cut off and resumes from where it was.
 */
export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #res: Response;
  readonly #over = new AbortController();
  #position: number;
  #reader: EventFeed | undefined;
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
      while (!this.#over.signal.aborted) await this.#step();
    } finally {
      clearInterval(heart);
      leave();
      this.#res.end();
    }
  }

  readonly end = (): void => {
    this.#over.abort();
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
    if (this.#res.writableNeedDrain) return behind ? this.#cut('the client is too slow') : this.#news();
    if (behind) return this.#catchUp();
    const chunk = tail.chunkAfter(this.#position, filter);
    const body = chunk.sealed === undefined ? chunk.body : await this.#frames(chunk.sealed);
    this.#position = chunk.through;
    if (body === undefined) return this.#news();
    this.#res.write(body);
  }

  async #frames(events: readonly RecordedEvent[]): Promise<string> {
    return (await this.#options.log.contents.openEvents(events)).map(eventFrame).join('');
  }

  #news(): Promise<void> {
    this.#wake = Promise.withResolvers();
    return this.#wake.promise;
  }

  async #catchUp(): Promise<void> {
    const { tail, log, places } = this.#options;
    const leave = await places.enter(this.#over.signal, this.#giveWay);
    if (leave === undefined) return;
    const reader = log.follow({ after: this.#position });
    this.#reader = reader;
    try {
      if (this.#over.signal.aborted) return;
      for await (const entries of reader) {
        await this.#sendAll(entries);
        if (this.#over.signal.aborted || this.#position >= tail.floor) return;
      }
    } finally {
      this.#reader = undefined;
      await reader.stop();
      leave();
    }
  }

  /** Sends piece by piece, each when the connection has taken the one before. */
  async #sendAll(entries: readonly LogEntry[]): Promise<void> {
    for (let start = 0; start < entries.length && !this.#over.signal.aborted; start += PIECE) {
      const piece = entries.slice(start, start + PIECE);
      const wanted = piece
        .filter((entry) => entry.kind === 'event')
        .filter(({ event }) => this.#options.filter.matches(event));
      const text = await this.#frames(wanted);
      while (this.#res.writableNeedDrain && !this.#over.signal.aborted) await this.#news();
      if (this.#over.signal.aborted) return;
      if (text !== '') this.#res.write(text);
      this.#position = piece.at(-1)?.sequence ?? this.#position;
    }
  }

  /** Also tells the position, or a client whose filter is narrow would resume from far back. */
  #beat(): void {
    if (!this.#res.writableNeedDrain) this.#res.write(`: heartbeat\n${positionFrame(this.#position)}`);
    else if (this.#stalled) this.#cut('the client is too slow');
    else this.#stalled = true;
  }

  readonly #giveWay = (): void => this.#cut('its turn to replay the log is over');

  #cut(reason: string): void {
    this.#options.logger.info({ position: this.#position }, `feed closed: ${reason}`);
    this.#res.destroy();
    this.end();
  }
}
