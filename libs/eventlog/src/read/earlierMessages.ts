import { tokensOf } from '@jobstream/domain';
import type { DirectReader, StoredMessage } from './directReader.ts';

/** Of a job with steps most messages may be on this one subject, and all of them are needed. */
const [STEPS] = tokensOf('JobStepsRecorded');
/** Messages of a walk that are read one by one: nearly all jobs have fewer. */
const SINGLE_READS = 32;

/** What one walk reads ahead, at most, but for a page: strangers may have stored any number of messages on a job's subjects. */
interface Limits {
  /** Messages of a page. */
  readonly page: number;
  readonly messages: number;
  readonly bytes: number;
}

/** A page has all messages that the steps of a job can have: with four a claim takes a sixth longer. */
const LIMITS: Limits = { page: 1_024, messages: 20_000, bytes: 64_000_000 };

/**
 * The messages of a job before its newest ones, for a walk from the last to the first. One request for each of ten thousand
 * messages takes seconds, so a long walk reads ahead: all messages on the job's subjects, in pages. Those with steps it reads
 * so from the beginning.
 */
export class EarlierMessages {
  readonly #direct: Pick<DirectReader, 'at' | 'page'>;
  readonly #subjects: readonly string[];
  readonly #limits: Limits;
  readonly #ahead = new Map<number, StoredMessage>();
  #reads = 0;
  #bytes = 0;
  #steps: Promise<void> | undefined;
  #rest: Promise<void> | undefined;

  /** `newest`: the newest message of each of the job's subjects. */
  constructor(direct: Pick<DirectReader, 'at' | 'page'>, newest: readonly StoredMessage[], limits = LIMITS) {
    this.#direct = direct;
    this.#limits = limits;
    this.#subjects = newest.map(({ subject }) => subject);
  }

  /** Returns the message with this sequence, or undefined if it has expired. Rejects with LogUnavailableError. */
  async at(sequence: number): Promise<StoredMessage | undefined> {
    this.#reads++;
    await (this.#steps ??= this.#readAhead(this.#subjects.filter(isOfSteps), sequence));
    if (!this.#ahead.has(sequence) && this.#reads > SINGLE_READS)
      await (this.#rest ??= this.#readAhead(
        this.#subjects.filter((subject) => !isOfSteps(subject)),
        sequence,
      ));
    return this.#ahead.get(sequence) ?? this.#direct.at(sequence);
  }

  /** The messages up to this sequence. A page follows one subject, of which the server knows where its messages are. */
  async #readAhead(subjects: readonly string[], sequence: number): Promise<void> {
    for (const subject of subjects) {
      for (let next = 1; next <= sequence && this.#hasRoom();) {
        const { messages, isMore } = await this.#direct.page(subject, next, this.#limits.page);
        for (const message of messages) {
          this.#ahead.set(message.sequence, message);
          this.#bytes += message.text.length;
        }
        next = isMore ? (messages.at(-1)?.sequence ?? sequence) + 1 : Infinity;
      }
    }
  }

  #hasRoom(): boolean {
    return this.#ahead.size < this.#limits.messages && this.#bytes < this.#limits.bytes;
  }
}

function isOfSteps(subject: string): boolean {
  return subject.endsWith(`.${STEPS}`);
}
