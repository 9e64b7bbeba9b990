import type { EventFeed, EventLog, LogEntry, RecordedEvent } from '@jobstream/eventlog';
import type { Logger } from '@jobstream/runtime';
import type { Response } from 'express';
import { eventFrame, isShown, openEventStream, positionFrame } from './eventStream.ts';
import type { FeedFilter } from './feedFilter.ts';
import type { LiveTail } from './liveTail.ts';
import type { ReplaySemaphore } from './replaySemaphore.ts';

export interface LiveFeedOptions {
  readonly res: Response;
  readonly tail: LiveTail;
  readonly log: Pick<EventLog, 'follow' | 'contents'>;
  readonly replays: ReplaySemaphore;
  readonly filter: FeedFilter;
  readonly after: number;
  readonly logger: Logger;
}

const HEARTBEAT_MS = 15_000;
/** Events of the log that are decrypted and sent together. */
const BATCH_EVENTS = 100;

/**
 * One client of the live feed. It receives recent events from memory and older ones from the log.
 *
 * Nothing is buffered for a client but what its connection has not accepted yet. A slow client only has a position;
 * when the events after it leave the memory, the feed is closed and the client resumes from its position.
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

  /** Runs the feed; resolves when the client has disconnected or the feed was ended. */
  async run(): Promise<void> {
    openEventStream(this.#res);
    this.#res.write(positionFrame(this.#position));
    this.#res.on('drain', this.#onDrain);
    this.#res.once('close', this.end);
    const leave = this.#options.tail.listen({ onNews: () => this.#wake.resolve(), onEnd: this.end });
    const heartbeat = setInterval(() => this.#heartbeat(), HEARTBEAT_MS);
    try {
      while (!this.#over.signal.aborted) await this.#step();
    } finally {
      clearInterval(heartbeat);
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
    if (this.#res.writableNeedDrain) return behind ? this.#disconnect('the client is too slow') : this.#nextWake();
    if (behind) return this.#catchUp();
    const chunk = tail.chunkAfter(this.#position, filter);
    const body = chunk.sealed === undefined ? chunk.body : await this.#frames(chunk.sealed);
    this.#position = chunk.through;
    if (body === undefined) return this.#nextWake();
    this.#res.write(body);
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
    const { tail, log, replays } = this.#options;
    const leave = await replays.enter(this.#over.signal, this.#onTurnOver);
    if (leave === undefined) return;
    const reader = log.follow({ after: this.#position, links: true });
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

  /** Sends in batchs, each when the connection has accepted the previous one. */
  async #sendAll(entries: readonly LogEntry[]): Promise<void> {
    for (let start = 0; start < entries.length && !this.#over.signal.aborted; start += BATCH_EVENTS) {
      const batch = entries.slice(start, start + BATCH_EVENTS);
      const wanted = batch.filter((entry) => isShown(entry)).filter(({ event }) => this.#options.filter.matches(event));
      const text = await this.#frames(wanted);
      while (this.#res.writableNeedDrain && !this.#over.signal.aborted) await this.#nextWake();
      if (this.#over.signal.aborted) return;
      if (text !== '') this.#res.write(text);
      this.#position = batch.at(-1)?.sequence ?? this.#position;
    }
  }

  /** Also sends the position; a client with a narrow filter would otherwise resume from far back. */
  #heartbeat(): void {
    if (!this.#res.writableNeedDrain) this.#res.write(`: heartbeat\n${positionFrame(this.#position)}`);
    else if (this.#stalled) this.#disconnect('the client is too slow');
    else this.#stalled = true;
  }

  readonly #onTurnOver = (): void => this.#disconnect('its turn to replay the log is over');

  #disconnect(reason: string): void {
    this.#options.logger.info({ position: this.#position }, `feed closed: ${reason}`);
    this.#res.destroy();
    this.end();
  }
}
