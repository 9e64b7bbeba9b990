import type { EventFeed, EventLog, LogEntry, RecordedEvent } from '@jobstream/eventlog';
import type { Logger, Service } from '@jobstream/runtime';
import type { FeedFilter } from './feedFilter.ts';
import { type Chunk, RecentEvents, type RecentEventsLimits } from './recentEvents.ts';

export interface LiveTailOptions extends Partial<RecentEventsLimits> {
  readonly log: Pick<EventLog, 'follow' | 'messages'>;
  readonly logger: Logger;
}

/** Who listens: `onNews` when there may be more, `onEnd` once when the tail ends. */
export interface TailListener {
  onNews(): void;
  onEnd(): void;
}

/** Who listens to one job. */
export interface JobListener {
  onEvent(recorded: RecordedEvent): void;
  onEnd(): void;
}

/** A burst of single events is told in one go: with hundreds of feeds, each telling costs as many writes. */
const GATHER_MS = 10;
/** The follower takes a while to set up, and with it go the recent events by which clients resume. */
const LINGER_MS = 60_000;
/** More than two full arrays of a follower, so that no client falls behind in one step. */
const MAX_EVENTS = 20_000;
const MAX_CHARS = 20_000_000;

/**
 * The one follower of the log for all feeds of this process, with the recent events in memory. It follows from the first
 * who asks until a minute after the last has gone, and begins far enough back that clients of an earlier process can
 * resume from its memory.
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
  #telling: NodeJS.Timeout | undefined;
  #lingering: NodeJS.Timeout | undefined;

  constructor({ log, logger, maxEvents = MAX_EVENTS, maxChars = MAX_CHARS }: LiveTailOptions) {
    this.#log = log;
    this.#logger = logger;
    this.#maxEvents = maxEvents;
    this.#recent = new RecentEvents({ maxEvents, maxChars });
  }

  /** Nothing to do until somebody listens. */
  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#lingering);
    clearTimeout(this.#telling);
    await this.#feed?.stop();
    this.#over();
  }

  /** To be awaited before anything else is asked: LogUnavailableError. */
  async ensureStarted(): Promise<void> {
    this.#begun ??= this.#begin();
    try {
      await this.#begun;
    } catch (error) {
      this.#begun = undefined;
      throw error;
    }
  }

  /** The sequence after which a feed begins that wants only what comes from now on. */
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

  /** Returns how to stop listening. */
  listen(listener: TailListener): () => void {
    clearTimeout(this.#lingering);
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      this.#lingerIfAlone();
    };
  }

  /** Tells the further events of a job; returns those that are in memory and how to stop listening. */
  watch(jobId: string, listener: JobListener): { readonly recent: readonly RecordedEvent[]; leave(): void } {
    clearTimeout(this.#lingering);
    const listeners = this.#jobListeners.get(jobId) ?? new Set();
    this.#jobListeners.set(jobId, listeners.add(listener));
    const leave = () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#jobListeners.get(jobId) === listeners) this.#jobListeners.delete(jobId);
      this.#lingerIfAlone();
    };
    return { recent: this.#recent.ofJob(jobId), leave };
  }

  async #begin(): Promise<void> {
    const { first, last } = await this.#log.messages.span();
    this.#endAtBegin = last;
    // What the log has forgotten is not recent, and an archive that is away must not keep the feeds from what is new.
    this.#recent.beginAfter(Math.max(first - 1, last - this.#maxEvents));
    const feed = this.#log.follow({ after: this.#recent.floor });
    this.#feed = feed;
    void this.#follow(feed);
    this.#lingerIfAlone();
  }

  async #follow(feed: EventFeed): Promise<void> {
    try {
      for await (const entries of feed) this.#take(entries);
    } catch (error) {
      this.#logger.error({ err: error }, 'ending the live feeds: the event log cannot be followed');
    }
    if (this.#feed === feed) this.#over();
  }

  #take(entries: readonly LogEntry[]): void {
    this.#recent.add(entries);
    if (this.#jobListeners.size > 0) this.#tellJobs(entries);
    this.#telling ??= setTimeout(() => this.#tell(), GATHER_MS);
  }

  #tell(): void {
    this.#telling = undefined;
    for (const listener of this.#listeners) listener.onNews();
  }

  #tellJobs(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      if (entry.kind !== 'event') continue;
      for (const listener of this.#jobListeners.get(entry.event.jobId) ?? []) listener.onEvent(entry);
    }
  }

  #lingerIfAlone(): void {
    if (this.#listeners.size > 0 || this.#jobListeners.size > 0 || this.#feed === undefined) return;
    clearTimeout(this.#lingering);
    this.#lingering = setTimeout(() => this.#rest(), LINGER_MS).unref();
  }

  /** Whoever comes next begins anew. */
  #rest(): void {
    void this.#feed?.stop();
    this.#feed = undefined;
    this.#begun = undefined;
  }

  #over(): void {
    this.#feed = undefined;
    this.#begun = undefined;
    for (const listeners of [this.#listeners, ...this.#jobListeners.values()]) {
      for (const listener of listeners) listener.onEnd();
    }
    this.#listeners.clear();
    this.#jobListeners.clear();
  }
}
