import type { JobEvent, LoggedEvent } from '@jobstream/domain';
import type { LogEntry, RecordedEvent } from '@jobstream/eventlog';
import { eventFrame, isShown } from './eventFrames.ts';
import type { FeedFilter } from './feedFilter.ts';

export interface RecentEventsLimits {
  readonly maxEvents: number;
  /** Characters of encoded events; the decoded events take about as much again. */
  readonly maxChars: number;
}

/** What a feed sends next, and the sequence up to which it is then complete. */
export interface Chunk {
  readonly through: number;
  /** Undefined when no event up to the end matches. */
  readonly body: Buffer | undefined;
  /** The events of the body if some contents are encrypted; they are decrypted for each client. */
  readonly sealed?: readonly RecordedEvent[];
}

interface Recent<Event extends LoggedEvent = LoggedEvent> {
  readonly recorded: RecordedEvent<Event>;
  /** Without a stack; empty for an event that only feeds of its job may have. */
  readonly frame: string;
  /** Counts towards the limit. */
  readonly chars: number;
}

/** An event and its frame as a feed sends it. */
type Chosen = Pick<Recent<JobEvent>, 'recorded' | 'frame'>;

/** Small enough for the send buffer of a connection. */
const CHUNK_CHARS = 65_536;
/** Enough for feeds at one position with some filters; idle clients may each be at another position. */
const MAX_CHUNKS = 64;
const MAX_CHUNKS_BYTES = 8 * 1_024 * 1_024;

/** The newest events of the log within the limits, encoded for sending. */
export class RecentEvents {
  readonly #limits: RecentEventsLimits;
  readonly #chunks = new Map<string, Chunk>();
  #chunksBytes = 0;
  #events: Recent[] = [];
  #chars = 0;
  #floor = 0;
  #position = 0;

  constructor(limits: RecentEventsLimits) {
    this.#limits = limits;
  }

  /** All events after this sequence are in memory. */
  get floor(): number {
    return this.#floor;
  }

  /** The last sequence that was added. */
  get position(): number {
    return this.#position;
  }

  /** Clears the memory and continues after a sequence. */
  beginAfter(sequence: number): void {
    this.#events = [];
    this.#chars = 0;
    this.#floor = sequence;
    this.#position = sequence;
    this.#clearChunks();
  }

  add(entries: readonly LogEntry[]): void {
    this.#clearChunks();
    for (const entry of entries) {
      this.#position = entry.sequence;
      if (entry.kind !== 'event' && entry.kind !== 'unreadable') continue;
      const recent = recentOf(entry);
      this.#chars += recent.chars;
      this.#events.push(recent);
    }
    this.#dropOldest();
  }

  ofJob(jobId: string): RecordedEvent<LoggedEvent>[] {
    return this.#events.filter(({ recorded }) => recorded.event.jobId === jobId).map(({ recorded }) => recorded);
  }

  /**
   * Returns the events after a sequence, which must not be below the floor. The buffer is shared and must not be
   * changed.
   */
  chunkAfter(sequence: number, filter: FeedFilter): Chunk {
    const key = `${sequence} ${filter.key}`;
    const cached = this.#chunks.get(key);
    if (cached !== undefined) return cached;
    const made = this.#chunkAfter(sequence, filter);
    this.#cache(key, made);
    return made;
  }

  #cache(key: string, chunk: Chunk): void {
    const bytes = chunk.body?.length ?? 0;
    if (this.#chunks.size >= MAX_CHUNKS || this.#chunksBytes + bytes > MAX_CHUNKS_BYTES) this.#clearChunks();
    this.#chunksBytes += bytes;
    this.#chunks.set(key, chunk);
  }

  #clearChunks(): void {
    this.#chunks.clear();
    this.#chunksBytes = 0;
  }

  #chunkAfter(sequence: number, filter: FeedFilter): Chunk {
    const chosen: Chosen[] = [];
    let chars = 0;
    for (let index = this.#indexAfter(sequence); index < this.#events.length && chars < CHUNK_CHARS; index++) {
      const recent = this.#events[index];
      if (recent === undefined || !isOfAllJobs(recent) || !filter.matches(recent.recorded.event)) continue;
      const frame = frameFor(recent, filter);
      chosen.push({ recorded: recent.recorded, frame });
      chars += frame.length;
    }
    const end = chars < CHUNK_CHARS ? this.#position : (chosen.at(-1)?.recorded.sequence ?? 0);
    return chunkOf(chosen, Math.max(sequence, end));
  }

  #indexAfter(sequence: number): number {
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.recorded.sequence ?? 0) > sequence) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #dropOldest(): void {
    const { maxEvents, maxChars } = this.#limits;
    let dropped = 0;
    for (const { recorded, chars } of this.#events) {
      if (this.#events.length - dropped <= maxEvents && this.#chars <= maxChars) break;
      dropped++;
      this.#chars -= chars;
      this.#floor = recorded.sequence;
    }
    this.#events.splice(0, dropped);
  }
}

/** Without the body of an event that cannot be read, which nobody needs. */
function recentOf(entry: Extract<LogEntry, { kind: 'event' | 'unreadable' }>): Recent {
  const { sequence, recordedAt, event, bytes } = entry;
  const frame = isShown(entry) ? eventFrame(entry, { stacks: false }) : '';
  return { recorded: { sequence, recordedAt, event }, frame, chars: frame.length || bytes };
}

/** Few events have a stack, and few clients see it: their frames are made anew. */
function frameFor({ recorded, frame }: Recent<JobEvent>, { shownOf }: FeedFilter): string {
  return shownOf.stacks && hasStack(recorded.event.data) ? eventFrame(recorded, shownOf) : frame;
}

function isOfAllJobs(recent: Recent): recent is Recent<JobEvent> {
  return recent.frame !== '';
}

function chunkOf(chosen: readonly Chosen[], through: number): Chunk {
  if (chosen.length === 0) return { through, body: undefined };
  const body = Buffer.from(chosen.map(({ frame }) => frame).join(''));
  if (!chosen.some(({ frame }) => frame.includes('$jwe'))) return { through, body };
  return { through, body, sealed: chosen.map(({ recorded }) => recorded) };
}

/** Whether an error of the event has a stack, or that of a step. */
function hasStack(data: JobEvent['data']): boolean {
  if ('steps' in data && data.steps.some(({ error }) => error?.stack !== undefined)) return true;
  return 'error' in data && data.error?.stack !== undefined;
}
