import { evolve, isCreation, type JobState, type LoggedEvent } from '@jobstream/domain';
import { HistoryTooLargeError, LogUnavailableError } from '../errors.ts';
import type { DirectReader, StoredMessage } from './directReader.ts';
import { headerOfExpectation, previousOfJob } from './jobLink.ts';
import { decodeRecordedEvent } from './logEntry.ts';

export interface FilteredReaderLimits {
  /** Messages that one read goes through, and bytes of them that it keeps. */
  readonly messages: number;
  readonly bytes: number;
  /** Bytes that are remembered of all jobs together. */
  readonly remembered: number;
  /** Reads of different jobs at once. */
  readonly reads: number;
}

const LIMITS: FilteredReaderLimits = { messages: 50_000, bytes: 64_000_000, remembered: 32_000_000, reads: 8 };
const MOST_REMEMBERED = 500;
/** What a message takes in memory beside its body, roughly. */
const BYTES_BESIDE = 500;

/**
 * Reads all messages on the subjects of a job, for the jobs on whose subjects strangers have written: what cannot be an
 * event of the job is dropped on the way. How far a job was read is remembered for the next read, so that each message is
 * read once, and a job with more messages than one read goes through is read by several.
 *
 * The server holds up writers while it searches, so one page is read at a time; reads of other jobs take turns with it.
 */
export class FilteredReader {
  readonly #direct: Pick<DirectReader, 'page'>;
  readonly #limits: FilteredReaderLimits;
  readonly #pages = new Turns(1);
  readonly #reads: Turns;
  /** By their filter, the one that was read last at the end. */
  readonly #remembered = new Map<string, ReadSoFar>();
  readonly #lastOf = new Map<string, Promise<unknown>>();

  constructor(direct: Pick<DirectReader, 'page'>, limits: Partial<FilteredReaderLimits> = {}) {
    this.#direct = direct;
    this.#limits = { ...LIMITS, ...limits };
    this.#reads = new Turns(this.#limits.reads);
  }

  /**
   * Returns the messages under the filter that may be events of the job, and the last one in any case, oldest first.
   *
   * @throws LogUnavailableError when there are more than one read goes through: the next read goes on from there.
   * @throws HistoryTooLargeError when the events alone are more than it keeps.
   */
  read(filter: string): Promise<readonly StoredMessage[]> {
    const read = () => this.#reads.take(() => this.#read(filter));
    const earlier = this.#lastOf.get(filter);
    const reading = earlier === undefined ? read() : earlier.then(read, read);
    const ended: Promise<void> = reading.catch(() => undefined).then(() => this.#forgetTurn(filter, ended));
    this.#lastOf.set(filter, ended);
    return reading;
  }

  #forgetTurn(filter: string, turn: Promise<unknown>): void {
    if (this.#lastOf.get(filter) === turn) this.#lastOf.delete(filter);
  }

  async #read(filter: string): Promise<readonly StoredMessage[]> {
    let soFar = this.#remembered.get(filter) ?? new ReadSoFar();
    this.#remembered.delete(filter);
    for (let count = 0; count < this.#limits.messages;) {
      const page = await this.#pages.take(() => this.#direct.page(filter, soFar.next));
      // A log that was put back to an older copy has other messages: it is read from its beginning.
      if (!soFar.isContinuedBy(page.messages)) soFar = new ReadSoFar();
      else {
        for (const message of page.messages) soFar.add(message);
        count += page.messages.length;
        this.#remember(filter, soFar);
        if (!page.isMore) return soFar.messages();
      }
    }
    throw new LogUnavailableError(`more than ${this.#limits.messages} messages under ${filter}: the next read goes on`);
  }

  #remember(filter: string, soFar: ReadSoFar): void {
    if (soFar.bytes > this.#limits.bytes) throw new HistoryTooLargeError(filter, this.#limits.bytes);
    this.#remembered.delete(filter);
    this.#remembered.set(filter, soFar);
    let bytes = 0;
    for (const [place, [other, read]] of [...this.#remembered].toReversed().entries()) {
      bytes += read.bytes;
      if (bytes > this.#limits.remembered || place >= MOST_REMEMBERED) this.#remembered.delete(other);
    }
  }
}

/** What a filtered read has kept so far. */
class ReadSoFar {
  bytes = 0;
  readonly #kept: StoredMessage[] = [];
  /** The last message of each type of which an event was kept, by its prefix: only those can be the job's. */
  readonly #lastOf = new Map<string, StoredMessage>();
  #state: JobState;
  #last: StoredMessage | undefined;

  /** The sequence from which to read on: that of the last message, which must still be there. */
  get next(): number {
    return this.#last?.sequence ?? 1;
  }

  isContinuedBy([first]: readonly StoredMessage[]): boolean {
    const last = this.#last;
    return last === undefined || (first?.sequence === last.sequence && first.recordedAt === last.recordedAt);
  }

  add(message: StoredMessage): void {
    if (message.sequence === this.#last?.sequence) return;
    const [decoded] = decodeRecordedEvent(message, message.text, message.header);
    const mayFollow = decoded !== undefined && this.#mayFollow(decoded.event, message);
    // Of what is dropped only the place counts.
    this.#last = detached(mayFollow ? message : { ...message, text: '' });
    const prefix = prefixOf(message);
    if (mayFollow) this.#kept.push(this.#last);
    if (mayFollow || this.#lastOf.has(prefix)) this.#lastOf.set(prefix, this.#last);
    this.bytes += mayFollow ? message.text.length + BYTES_BESIDE : 0;
  }

  messages(): readonly StoredMessage[] {
    const lasts = [...this.#lastOf.values(), ...(this.#last === undefined ? [] : [this.#last])];
    const all = new Map([...this.#kept, ...lasts].map((message) => [message.sequence, message]));
    return [...all.values()].toSorted((left, right) => left.sequence - right.sequence);
  }

  /** False for what the fold ignores, if the log certainly has the beginning of the history. */
  #mayFollow(event: LoggedEvent, { subject, expectation }: StoredMessage): boolean {
    const before = this.#state;
    if (before === undefined && (!isCreation(event) || previousOfJob(subject, expectation) !== 0)) return true;
    this.#state = evolve(before, event);
    return this.#state !== before;
  }
}

/** `jobs.<type>.<id>` */
function prefixOf({ subject }: StoredMessage): string {
  return subject.split('.', 3).join('.');
}

/** The message without its bytes, of which it is a view, and which would stay in memory with all that came with them. */
function detached({ sequence, subject, recordedAt, expectation, text }: StoredMessage): StoredMessage {
  const header = (name: string) => headerOfExpectation(expectation, name);
  return { sequence, subject, recordedAt, expectation, text, header };
}

/** Lets so many reads run at once, in the order in which they asked. */
class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
