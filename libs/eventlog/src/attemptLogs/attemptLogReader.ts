import type { ContentSealer } from '../sealing/contentSealer.ts';
import type { DirectReader, StoredMessage } from '../read/directReader.ts';
import { logsSubject } from '../streams/logsStream.ts';
import { type AttemptLogLine, decodeChunk, type LogChunk, linesOf } from './logChunk.ts';

export interface LogQuery {
  readonly jobId: string;
  readonly attempt: number;
  /** Milliseconds since 1970 before which none of the lines was stored. */
  readonly since: number;
  /** The position that an earlier page ended with. */
  readonly after?: number | undefined;
}

export interface LogPageQuery {
  /** Milliseconds since 1970 after which none of the lines was stored; undefined while the attempt may go on. */
  readonly until?: number | undefined;
  readonly limit: number;
}

/** A line, and the position behind it. */
export interface PositionedLine {
  readonly line: AttemptLogLine;
  readonly position: number;
}

export interface LogPage {
  /** In the order of their storage. */
  readonly lines: readonly PositionedLine[];
  readonly position: number;
  readonly isMore: boolean;
}

interface ReaderParts {
  readonly contents: Pick<ContentSealer, 'openText'>;
  /** Reads the stream LOGS. */
  readonly direct: Pick<DirectReader, 'pageFrom'>;
}

/** What is known of a run. */
interface ReadRun {
  /** The sequence of the first copy of each chunk, by its number. */
  readonly chunks: Map<number, number>;
  /** The number of its last chunk, once that was read. */
  last: number | undefined;
}

/** What is read in the place of the lines of a run. */
const UNREADABLE = {
  shredded: 'the lines of this run were erased with the payload of their job',
  unreadable: 'the lines of this run cannot be decrypted: this process does not have their key (PAYLOAD_KEYS)',
} as const;

/** Messages of the first request of a read: most attempts are found with them. */
const FIRST_BATCH = 16;
const BATCH = 256;
/** A position is a message's sequence times this, and how many of its lines were read; an attempt has fewer lines in all. */
const MAX_LINES = 4_096;

/**
 * Reads the lines of an attempt, page by page. It always begins with the first of them, also behind a position, and keeps in
 * mind which chunks it has seen: the copy of a chunk that was sent twice may lie anywhere behind it.
 */
export class AttemptLogReader {
  readonly #query: LogQuery;
  readonly #parts: ReaderParts;
  readonly #runs = new Map<string, ReadRun>();
  /** Behind the last line that was returned. */
  #position: number;
  /** The message to go on with, 0 before the first read. */
  #next = 0;

  constructor(query: LogQuery, parts: ReaderParts) {
    this.#query = query;
    this.#parts = parts;
    this.#position = query.after ?? 0;
  }

  /**
   * Returns the next lines, oldest first; none while there are no more.
   *
   * @throws LogUnavailableError
   */
  async next({ limit, until = Infinity }: LogPageQuery): Promise<LogPage> {
    const lines: PositionedLine[] = [];
    const page = (isMore: boolean): LogPage => ({ lines, position: this.#position, isMore });
    for (let batch = this.#next === 0 ? FIRST_BATCH : BATCH; ; batch = BATCH) {
      const { messages, isMore } = await this.#read(batch);
      for (const message of messages) {
        if (Date.parse(message.recordedAt) > until) return page(false);
        if (!(await this.#take(message, { lines, limit }))) return page(true);
      }
      if (!isMore) return page(false);
    }
  }

  /** Whether all lines of the run were read, the last among them. */
  hasAll(runId: string): boolean {
    const { chunks, last } = this.#runs.get(runId) ?? {};
    return last !== undefined && chunks?.size === last + 1;
  }

  #read(batch: number) {
    const { jobId, since } = this.#query;
    const from = this.#next === 0 ? { start_time: new Date(since).toISOString() } : { seq: this.#next };
    return this.#parts.direct.pageFrom(logsSubject(jobId), from, batch);
  }

  /** Takes what a message has of the attempt; returns false when the page was full before its last line. */
  async #take(message: StoredMessage, page: { lines: PositionedLine[]; limit: number }): Promise<boolean> {
    const { sequence } = message;
    const chunk = decodeChunk(message.text, this.#query.jobId);
    const isNew = chunk?.attempt === this.#query.attempt && this.#isNew(chunk, sequence);
    const [start, end] = [sequence * MAX_LINES, (sequence + 1) * MAX_LINES];
    this.#next = sequence;
    if (isNew && this.#position < end) {
      const skipped = Math.max(0, this.#position - start);
      const rest = (await this.#opened(chunk, message.recordedAt)).slice(skipped, MAX_LINES - 1);
      for (const [index, line] of rest.entries()) {
        if (page.lines.length === page.limit) return false;
        this.#position = start + skipped + index + 1;
        page.lines.push({ line, position: this.#position });
      }
    }
    this.#position = Math.max(this.#position, end);
    this.#next = sequence + 1;
    return true;
  }

  #isNew({ runId, chunk, end }: LogChunk, sequence: number): boolean {
    const run: ReadRun = this.#runs.get(runId) ?? { chunks: new Map(), last: undefined };
    this.#runs.set(runId, run);
    const first = run.chunks.get(chunk) ?? sequence;
    run.chunks.set(chunk, first);
    if (end) run.last = chunk;
    return first === sequence; // the rest of it, where it was longer than the page
  }

  async #opened(chunk: LogChunk, recordedAt: string): Promise<readonly AttemptLogLine[]> {
    if (!chunk.sealed) return linesOf(chunk);
    const opened = await this.#parts.contents.openText(chunk.jobId, chunk.lines);
    if (opened.kind === 'text') return linesOf({ ...chunk, lines: opened.text });
    if (chunk.chunk > 0) return []; // it was said for the first
    const time = new Date(recordedAt).toISOString();
    return [{ time, level: 'warn', message: UNREADABLE[opened.kind], runId: chunk.runId }];
  }
}
