import type { LoggedEvent } from '@jobstream/domain';
import type { EventFeed, EventLog, LogEntry, RecordedEvent } from '@jobstream/eventlog';
import type { Logger, Service } from '@jobstream/runtime';
import type { FeedFilter } from './feedFilter.ts';
import { type Chunk, RecentEvents, type RecentEventsLimits } from './recentEvents.ts';

export interface LiveTailOptions extends Partial<RecentEventsLimits> {
  readonly log: Pick<EventLog, 'follow' | 'messages'>;
  readonly logger: Logger;
}

/** A listener of the tail: `onNews` is called when there may be more events, `onEnd` once when the tail ends. */
export interface TailListener {
  onNews(): void;
  onEnd(): void;
}

/** A listener of one job. */
export interface JobListener {
  onEvent(recorded: RecordedEvent<LoggedEvent>): void;
  onEnd(): void;
}

/** Bursts of events are announced together: with hundreds of feeds, each announcement costs as many writes. */
const ANNOUNCE_DELAY_MS = 10;
/** How long the follower outlives its last listener: setting it up takes a while, and the recent events go with it. */
const LINGER_MS = 60_000;
/** More than two full arrays of a follower, so that no client falls behind in one step. */
const MAX_EVENTS = 20_000;
const MAX_CHARS = 20_000_000;

/**
 * The one follower of the log for all feeds of this process, with the recent events in memory.
 *
 * It runs from the first listener until a minute after the last one, and begins far enough back that clients of an
 * earlier process can resume from memory.
 */
export class LiveTail implements Service {
  readonly name = 'live tail';
  readonly #log: LiveTailOptions['log'];
  readonly #logger: Logger;
  readonly #maxEvents: number;
  readonly #recent: RecentEvents;
  readonly #listeners = new Set<TailListener>();
  readonly #jobListeners = new Map<string, Set<JobListener>>();
  #begun: Promise<void> | undefined;
  #feed: EventFeed | undefined;
  #endAtBegin = 0;
  #announcing: NodeJS.Timeout | undefined;
  #lingering: NodeJS.Timeout | undefined;

  constructor({ log, logger, maxEvents = MAX_EVENTS, maxChars = MAX_CHARS }: LiveTailOptions) {
    this.#log = log;
    this.#logger = logger;
    this.#maxEvents = maxEvents;
    this.#recent = new RecentEvents({ maxEvents, maxChars });
  }

  /** The follower starts with the first listener. */
  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#lingering);
    clearTimeout(this.#announcing);
    await this.#feed?.stop();
    this.#end();
  }

  /**
   * Starts the follower if necessary; to be awaited before any other method.
   *
   * @throws LogUnavailableError
   */
  async ensureStarted(): Promise<void> {
    this.#begun ??= this.#begin();
    try {
      await this.#begun;
    } catch (error) {
      this.#begun = undefined;
      throw error;
    }
  }

  /** The current end of the log: the sequence after which a live-only feed begins. */
  get end(): number {
    return Math.max(this.#recent.position, this.#endAtBegin);
  }

  /** Events after this sequence are in memory; older ones must be read from the log. */
  get floor(): number {
    return this.#recent.floor;
  }

  chunkAfter(sequence: number, filter: FeedFilter): Chunk {
    return this.#recent.chunkAfter(sequence, filter);
  }

  /** Subscribes; returns a function that unsubscribes. */
  listen(listener: TailListener): () => void {
    clearTimeout(this.#lingering);
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      this.#lingerIfUnused();
    };
  }

  /** Subscribes to the events of a job; returns those in memory and a function that unsubscribes. */
  watch(
    jobId: string,
    listener: JobListener,
  ): { readonly recent: readonly RecordedEvent<LoggedEvent>[]; leave(): void } {
    clearTimeout(this.#lingering);
    const listeners = this.#jobListeners.get(jobId) ?? new Set();
    this.#jobListeners.set(jobId, listeners.add(listener));
    const leave = () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#jobListeners.get(jobId) === listeners) this.#jobListeners.delete(jobId);
      this.#lingerIfUnused();
    };
    return { recent: this.#recent.ofJob(jobId), leave };
  }

  async #begin(): Promise<void> {
    const { first, last } = await this.#log.messages.span();
    this.#endAtBegin = last;
    // Begins within the stream: an unavailable archive must not keep feeds from new events.
    this.#recent.beginAfter(Math.max(first - 1, last - this.#maxEvents));
    const feed = this.#log.follow({ after: this.#recent.floor, links: true });
    this.#feed = feed;
    void this.#follow(feed);
    this.#lingerIfUnused();
  }

  async #follow(feed: EventFeed): Promise<void> {
    try {
      for await (const entries of feed) this.#add(entries);
    } catch (error) {
      this.#logger.error({ err: error }, 'ending the live feeds: the event log cannot be followed');
    }
    if (this.#feed === feed) this.#end();
  }

  #add(entries: readonly LogEntry[]): void {
    this.#recent.add(entries);
    if (this.#jobListeners.size > 0) this.#notifyJobs(entries);
    this.#announcing ??= setTimeout(() => this.#announce(), ANNOUNCE_DELAY_MS);
  }

  #announce(): void {
    this.#announcing = undefined;
    for (const listener of this.#listeners) listener.onNews();
  }

  #notifyJobs(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      if (entry.kind !== 'event' && entry.kind !== 'unreadable') continue;
      for (const listener of this.#jobListeners.get(entry.event.jobId) ?? []) listener.onEvent(entry);
    }
  }

  #lingerIfUnused(): void {
    if (this.#listeners.size > 0 || this.#jobListeners.size > 0 || this.#feed === undefined) return;
    clearTimeout(this.#lingering);
    this.#lingering = setTimeout(() => this.#suspend(), LINGER_MS).unref();
  }

  /** Stops following; the next listener starts a new follower. */
  #suspend(): void {
    void this.#feed?.stop();
    this.#feed = undefined;
    this.#begun = undefined;
  }

  #end(): void {
    this.#feed = undefined;
    this.#begun = undefined;
    for (const listeners of [this.#listeners, ...this.#jobListeners.values()]) {
      for (const listener of listeners) listener.onEnd();
    }
    this.#listeners.clear();
    this.#jobListeners.clear();
  }
}
