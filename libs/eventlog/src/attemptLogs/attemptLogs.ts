import type { JetStreamManager } from '@nats-io/jetstream';
import type { Connection } from '../connection/connection.ts';
import { plainHeaders } from '../connection/headers.ts';
import type { BatchPublisher } from '../connection/publisher.ts';
import type { Contents } from '../contents/contents.ts';
import { LogUnavailableError } from '../errors.ts';
import type { DirectReader, StoredMessage } from '../read/directReader.ts';
import { logsSubject } from '../streams/logsStream.ts';
import { LOGS_STREAM } from '../streams/streams.ts';
import { type AttemptLogLine, decodeChunk, encodeChunk, type LogChunk, linesOf } from './logChunk.ts';

export interface AttemptLogsParts {
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  readonly publisher: BatchPublisher;
  readonly contents: Pick<Contents, 'isEncrypting' | 'sealText' | 'openText'>;
  /** Reads the stream LOGS. */
  readonly direct: Pick<DirectReader, 'pageFrom'>;
}

/** `refused`: it cannot be stored, now or later. `unknown`: it may or may not be stored, and can be sent again. */
export type ChunkOutcome = 'stored' | 'refused' | 'unknown';

/** A chunk that is to be stored, as part of what a caller needs to know again. */
export interface LogParcel {
  readonly chunk: LogChunk;
}

export type OnChunkOutcome<Parcel> = (parcel: Parcel, outcome: ChunkOutcome) => void;

/** A chunk as it is stored. */
interface Outgoing<Parcel> {
  readonly parcel: Parcel;
  readonly chunk: LogChunk;
}

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

  /**
   * Publishes chunks, and calls back once for each with what became of it. Never throws.
   *
   * The server stores them in their order and acknowledges the last one: that costs a third less than an acknowledgement for each.
   */
  append<Parcel extends LogParcel>(parcels: readonly Parcel[], onOutcome: OnChunkOutcome<Parcel>): void {
    const outgoing = parcels.map((parcel) => ({ parcel, chunk: parcel.chunk }));
    if (!this.#parts.contents.isEncrypting) this.#publish(outgoing, onOutcome);
    else void this.#sealed(outgoing, onOutcome).then((sealed) => this.#publish(sealed, onOutcome));
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

  async #sealed<Parcel>(
    outgoing: readonly Outgoing<Parcel>[],
    onOutcome: OnChunkOutcome<Parcel>,
  ): Promise<readonly Outgoing<Parcel>[]> {
    const sealed = outgoing.map(async ({ parcel, chunk }) => {
      try {
        const lines = await this.#parts.contents.sealText(chunk.jobId, chunk.lines);
        if (lines !== undefined) return [{ parcel, chunk: { ...chunk, lines, sealed: true } }];
        onOutcome(parcel, 'refused');
      } catch {
        onOutcome(parcel, 'unknown');
      }
      return [];
    });
    return (await Promise.all(sealed)).flat();
  }

  #publish<Parcel>(outgoing: readonly Outgoing<Parcel>[], onOutcome: OnChunkOutcome<Parcel>): void {
    const sent: Parcel[] = [];
    const settle = (outcome: ChunkOutcome) => sent.forEach((parcel) => onOutcome(parcel, outcome));
    for (const [index, { parcel, chunk }] of outgoing.entries()) {
      const isLast = index === outgoing.length - 1;
      try {
        this.#send(chunk, isLast ? settle : undefined);
        sent.push(parcel);
      } catch (error) {
        onOutcome(parcel, error instanceof LogUnavailableError ? 'unknown' : 'refused');
        if (isLast) settle('unknown'); // nothing will be acknowledged
      }
    }
  }

  #send(chunk: LogChunk, onAcknowledged: ((outcome: ChunkOutcome) => void) | undefined): void {
    const { connection, publisher } = this.#parts;
    if (!connection.isConnected()) throw new LogUnavailableError('there is no connection to the server');
    const subject = logsSubject(chunk.jobId);
    const body = Buffer.from(encodeChunk(chunk));
    if (onAcknowledged === undefined) publisher.publishWithoutAck(subject, body, HEADERS);
    else publisher.publish(subject, body, HEADERS, ({ kind }) => onAcknowledged(kind));
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
    if (
      chunk?.attempt === attempt &&
      this.#isNew(chunk) &&
      !this.#takeLines(await this.#opened(chunk, message.recordedAt), sequence)
    ) {
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

  async #opened(chunk: LogChunk, recordedAt: string): Promise<readonly AttemptLogLine[]> {
    if (!chunk.sealed) return linesOf(chunk);
    const opened = await this.#contents.openText(chunk.jobId, chunk.lines);
    if (opened.kind === 'text') return linesOf({ ...chunk, lines: opened.text });
    if (chunk.chunk > 0) return []; // it was said for the first
    const time = new Date(recordedAt).toISOString();
    return [{ time, level: 'warn', message: UNREADABLE[opened.kind], runId: chunk.runId }];
  }
}
