import type { JetStreamManager } from '@nats-io/jetstream';
import type { DirectReader } from '../read/directReader.ts';
import { JOBS_STREAM } from '../streams/streams.ts';
import { subjectMatches } from '../streams/subjectMatches.ts';

/** Where a consumer and its stream are. */
export interface Position {
  /** The sequence of the message that was delivered last. */
  readonly delivered: number;
  readonly pending: number;
  /** Sequences of the stream. */
  readonly first: number;
  readonly last: number;
}

interface Found {
  readonly sequence: number;
  readonly at: string;
}

/** In a backlog of any size the next message is near; these are read without looking for subjects. */
const NEAR = { count: 64, maxBytes: 262_144 };
/**
 * Further away the server looks for subjects with wildcards block by block, and nobody can append meanwhile: of 1.2
 * million messages 1.5 s, so only the newest are searched.
 */
const WINDOW = 50_000;

/**
 * Finds the job that has waited longest for a consumer of the stream JOBS, again and again. What was found is kept for
 * as long as it is the answer. Among many messages of other types it may only find one that came later: then the job
 * looks younger than it is.
 */
export class OldestPending {
  readonly #manager: JetStreamManager;
  readonly #reader: DirectReader;
  readonly #subject: string;
  #found: Found | undefined;
  /** Up to here there is nothing that waits. */
  #searchedTo = 0;

  constructor(manager: JetStreamManager, reader: DirectReader, subject: string) {
    this.#manager = manager;
    this.#reader = reader;
    this.#subject = subject;
  }

  /** When the first message that was not delivered was stored (RFC 3339); undefined if there is none. */
  async at(position: Position): Promise<string | undefined> {
    const { delivered, pending, last } = position;
    if (pending === 0) {
      this.#searchedTo = last;
      return undefined;
    }
    if (this.#found === undefined || this.#found.sequence <= delivered) this.#found = await this.#find(position);
    return this.#found?.at;
  }

  async #find({ delivered, first, last }: Position): Promise<Found | undefined> {
    const from = Math.max(delivered, this.#searchedTo, first - 1) + 1;
    const near = await this.#reader.from(from, NEAR);
    const next = near.find(({ subject }) => subjectMatches(subject, this.#subject));
    if (next !== undefined) return { sequence: next.sequence, at: next.recordedAt };
    const beyond = (near.at(-1)?.sequence ?? from) + 1;
    return this.#search(Math.max(beyond, last - WINDOW));
  }

  async #search(from: number): Promise<Found | undefined> {
    const query = { seq: from, next_by_subj: this.#subject };
    const found = await this.#manager.direct.getMessage(JOBS_STREAM, query);
    return found === null ? undefined : { sequence: found.seq, at: found.time.toISOString() };
  }
}
