import type { DirectReader, StoredMessage } from './directReader.ts';

/** Messages of a walk that are read one by one: nearly all jobs have fewer. */
const SINGLE_READS = 32;

/** What one walk reads ahead, at most, but for a page: strangers may have stored any number of messages on a job's subjects. */
interface Limits {
  readonly messages: number;
  readonly bytes: number;
}

const LIMITS: Limits = { messages: 20_000, bytes: 64_000_000 };

/**
 * The messages of a job before its newest ones, for a walk from the last to the first. One request for each of ten thousand
 * messages takes seconds, so a long walk reads ahead: all messages on the job's subjects, in pages.
 */
export class EarlierMessages {
  readonly #direct: Pick<DirectReader, 'at' | 'page'>;
  readonly #subjects: readonly string[];
  readonly #limits: Limits;
  #reads = 0;
  #ahead: ReadonlyMap<number, StoredMessage> | undefined;

  /** `newest`: the newest message of each of the job's subjects. */
  constructor(direct: Pick<DirectReader, 'at' | 'page'>, newest: readonly StoredMessage[], limits = LIMITS) {
    this.#direct = direct;
    this.#limits = limits;
    this.#subjects = newest.map(({ subject }) => subject);
  }

  /** Returns the message with this sequence, or undefined if it has expired. Rejects with LogUnavailableError. */
  async at(sequence: number): Promise<StoredMessage | undefined> {
    this.#reads++;
    if (this.#reads > SINGLE_READS) this.#ahead ??= await this.#readAhead(sequence);
    return this.#ahead?.get(sequence) ?? this.#direct.at(sequence);
  }

  /** The messages up to this sequence. A page follows one subject, of which the server knows where its messages are. */
  async #readAhead(sequence: number): Promise<ReadonlyMap<number, StoredMessage>> {
    const ahead = new Map<number, StoredMessage>();
    let bytes = 0;
    for (const subject of this.#subjects) {
      for (let next = 1; next <= sequence && ahead.size < this.#limits.messages && bytes < this.#limits.bytes;) {
        const { messages, isMore } = await this.#direct.page(subject, next);
        for (const message of messages) {
          ahead.set(message.sequence, message);
          bytes += message.text.length;
        }
        next = isMore ? (messages.at(-1)?.sequence ?? sequence) + 1 : Infinity;
      }
    }
    return ahead;
  }
}
