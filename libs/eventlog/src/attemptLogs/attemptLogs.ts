import type { JetStreamManager } from '@nats-io/jetstream';
import type { Connection } from '../connection/connection.ts';
import { plainHeaders } from '../connection/headers.ts';
import type { Publisher } from '../connection/publisher.ts';
import type { Contents } from '../contents/contents.ts';
import { LogUnavailableError } from '../errors.ts';
import type { DirectReader, StoredMessage } from '../read/directReader.ts';
import { logsSubject } from '../streams/logsStream.ts';
import { LOGS_STREAM } from '../streams/streams.ts';
import { type AttemptLogLine, decodeChunk, encodeChunk, type LogChunk, linesOf } from './logChunk.ts';

export interface AttemptLogsParts {
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly contents: Pick<Contents, 'isEncrypting' | 'sealText' | 'openText'>;
  /** Reads the stream LOGS. */
  readonly direct: Pick<DirectReader, 'pageFrom'>;
}

/** `refused`: it cannot be stored, now or later. `unknown`: it may or may not be stored, and can be sent again. */
export type ChunkOutcome = 'stored' | 'refused' | 'unknown';

export interface LogQuery {
  readonly jobId: string;
  readonly attempt: number;
  /** Milliseconds since 1970 before which none of the lines was stored. */
  readonly since: number;
  /** Milliseconds since 1970 after which none of them was stored; undefined while the attempt may go on. */
  readonly until?: number | undefined;
  /** The position that an earlier page ended with. */
  readonly after?: number | undefined;
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
  /** The runs whose end was read. */
  readonly endedRuns: readonly string[];
}

/** Messages of the first request of a read: most attempts are found with them. */
const FIRST_BATCH = 16;
const BATCH = 256;
/** A position is a message's sequence times this, and how many of its lines were read; an attempt has fewer lines in all. */
const MAX_LINES = 4_096;
const HEADERS = plainHeaders();

/**
 * The log lines of attempts, in the stream LOGS: a view that nothing depends on. Lines may be lost, and are removed by age and
 * by the size of the stream.
 */
export class AttemptLogs {
  readonly #parts: AttemptLogsParts;

  constructor(parts: AttemptLogsParts) {
    this.#parts = parts;
  }

  /** Whether the stream exists and this process may know it. */
  async isAvailable(): Promise<boolean> {
    return this.#parts.manager.streams.info(LOGS_STREAM).then(
      () => true,
      () => false,
    );
  }

  /** Publishes a chunk, and calls back once with what became of it. Never throws. */
  append(chunk: LogChunk, onOutcome: (outcome: ChunkOutcome) => void): void {
    if (!this.#parts.contents.isEncrypting) return this.#publish(chunk, onOutcome);
    this.#parts.contents.sealText(chunk.jobId, chunk.lines).then(
      (lines) =>
        lines === undefined ? onOutcome('refused') : this.#publish({ ...chunk, lines, sealed: true }, onOutcome),
      () => onOutcome('unknown'),
    );
  }

  /**
   * Returns some lines of an attempt, oldest first. An attempt has several runs when it was released, or the job requeued.
   *
   * @throws LogUnavailableError
   */
  async read(query: LogQuery): Promise<LogPage> {
    const reading = new Reading(query, this.#parts.contents);
    for (let batch = FIRST_BATCH; ; batch = BATCH) {
      const sequence = Math.floor(reading.position / MAX_LINES);
      const from = sequence === 0 ? { start_time: new Date(query.since).toISOString() } : { seq: sequence };
      const { messages, isMore } = await this.#parts.direct.pageFrom(logsSubject(query.jobId), from, batch);
      for (const message of messages) if (!(await reading.take(message))) return reading.page();
      if (!isMore) return reading.page();
    }
  }

  #publish(chunk: LogChunk, onOutcome: (outcome: ChunkOutcome) => void): void {
    const { connection, publisher } = this.#parts;
    if (!connection.isConnected()) return onOutcome('unknown');
    try {
      publisher.publish(logsSubject(chunk.jobId), Buffer.from(encodeChunk(chunk)), HEADERS, ({ kind }) =>
        onOutcome(kind),
      );
    } catch (error) {
      onOutcome(error instanceof LogUnavailableError ? 'unknown' : 'refused');
    }
  }
}

/** The lines that one read has found so far. */
class Reading {
  position: number;
  readonly #query: LogQuery;
  readonly #contents: AttemptLogsParts['contents'];
  readonly #lines: PositionedLine[] = [];
  readonly #endedRuns: string[] = [];
  readonly #seen = new Set<string>();
  #isMore = false;

  constructor(query: LogQuery, contents: AttemptLogsParts['contents']) {
    this.#query = query;
    this.#contents = contents;
    this.position = query.after ?? 0;
  }

  /** Takes what a message has of the attempt; returns false when the read is over. */
  async take(message: StoredMessage): Promise<boolean> {
    const { sequence } = message;
    const { jobId, attempt, until = Infinity } = this.#query;
    if (Date.parse(message.recordedAt) > until) return false;
    const chunk = decodeChunk(message.text, jobId);
    if (chunk?.attempt === attempt && this.#isNew(chunk) && !this.#takeLines(await this.#opened(chunk), sequence)) {
      this.#isMore = true;
      return false;
    }
    this.position = (sequence + 1) * MAX_LINES;
    return true;
  }

  page(): LogPage {
    return { lines: this.#lines, position: this.position, isMore: this.#isMore, endedRuns: this.#endedRuns };
  }

  #isNew({ runId, chunk, end }: LogChunk): boolean {
    const key = `${runId} ${chunk}`;
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    if (end) this.#endedRuns.push(runId);
    return true;
  }

  /** Returns false when the page was full before the last line. */
  #takeLines(lines: readonly AttemptLogLine[], sequence: number): boolean {
    const start = sequence * MAX_LINES;
    const first = Math.max(0, this.position - start);
    for (const [index, line] of lines.slice(first, MAX_LINES - 1).entries()) {
      if (this.#lines.length === this.#query.limit) return false;
      this.position = start + first + index + 1;
      this.#lines.push({ line, position: this.position });
    }
    return true;
  }

  async #opened(chunk: LogChunk): Promise<readonly AttemptLogLine[]> {
    if (!chunk.sealed) return linesOf(chunk);
    const lines = await this.#contents.openText(chunk.jobId, chunk.lines);
    return lines === undefined ? [] : linesOf({ ...chunk, lines });
  }
}
