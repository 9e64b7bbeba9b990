import type { JetStreamManager } from '@nats-io/jetstream';

/** Messages by which a replica may be behind what the leader says. */
const REPLICA_LAG = 10_000;

/**
 * Finds the first message on a subject after a sequence, again and again for growing sequences. The server looks for it
 * from message to message, so what was found is kept for as long as it is the answer, and no stretch of the stream is
 * searched twice.
 */
export class OldestWaiting {
  readonly #manager: JetStreamManager;
  readonly #stream: string;
  readonly #subject: string;
  #found: { readonly sequence: number; readonly at: string } | undefined;
  /** Up to here there is nothing that was not delivered. */
  #searchedTo = 0;

  constructor(manager: JetStreamManager, stream: string, subject: string) {
    this.#manager = manager;
    this.#stream = stream;
    this.#subject = subject;
  }

  /** When the first message after this sequence was stored (RFC 3339), or undefined if there is none. */
  async after(sequence: number): Promise<string | undefined> {
    if (this.#found !== undefined && this.#found.sequence > sequence) return this.#found.at;
    const last = (await this.#manager.streams.info(this.#stream)).state.last_seq;
    const from = Math.max(sequence, this.#searchedTo) + 1;
    const message = await this.#manager.direct.getMessage(this.#stream, { seq: from, next_by_subj: this.#subject });
    this.#found = message === null ? undefined : { sequence: message.seq, at: message.time.toISOString() };
    // A replica that answers may lag behind, so what it did not find is searched again from a little before the end.
    this.#searchedTo = message === null ? Math.max(this.#searchedTo, last - REPLICA_LAG) : message.seq - 1;
    return this.#found?.at;
  }
}
