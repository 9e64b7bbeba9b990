import type { JetStreamManager } from '@nats-io/jetstream';
import type { Connection } from '../connection/connection.ts';
import { plainHeaders } from '../connection/headers.ts';
import type { BatchPublisher } from '../connection/publisher.ts';
import { subscribeToHints } from '../connection/subscribeToHints.ts';
import type { ContentSealer } from '../sealing/contentSealer.ts';
import { LogUnavailableError } from '../errors.ts';
import type { DirectReader } from '../read/directReader.ts';
import { logsSubject } from '../streams/logsStream.ts';
import { LOGS_STREAM } from '../streams/streams.ts';
import { AttemptLogReader, type LogPage, type LogPageQuery, type LogQuery } from './attemptLogReader.ts';
import { encodeChunk, type LogChunk } from './logChunk.ts';

export interface AttemptLogsParts {
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  readonly publisher: BatchPublisher;
  readonly contents: Pick<ContentSealer, 'isEncrypting' | 'sealText' | 'openText'>;
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

  /** Begins to read the lines of an attempt. It has several runs when it was released, or the job requeued. */
  open(query: LogQuery): AttemptLogReader {
    return new AttemptLogReader(query, this.#parts);
  }

  /**
   * Returns some lines of an attempt, oldest first.
   *
   * @throws LogUnavailableError
   */
  read({ limit, until, ...query }: LogQuery & LogPageQuery): Promise<LogPage> {
    return this.open(query).next({ limit, until });
  }

  /**
   * Calls back when there may be new lines of the job; returns a function that ends this. A hint: they may be those of another
   * job, and readable only a moment later, and a user of NATS without the right to subscribe is told nothing.
   */
  subscribe(jobId: string, onHint: () => void): () => void {
    return subscribeToHints(this.#parts.connection.nats, [logsSubject(jobId)], onHint);
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
