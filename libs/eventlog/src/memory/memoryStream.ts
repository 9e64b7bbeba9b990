import { timestampOf } from '@jobstream/domain';
import { TRACEPARENT } from '../connection/headers.ts';
import type { AppendRequest, ClaimRequest } from '../append/appendRequest.ts';
import { ConcurrentAppendError } from '../errors.ts';
import type { StoredMessage } from '../read/directReader.ts';
import { headerOfExpectation } from '../read/jobLink.ts';
import type { StoredMessages } from '../read/jobReader.ts';
import { jobIdOfSubject } from '../streams/jobSubjects.ts';

/** An event, the sequence that its append expects, and the claim of its unique key, if it has one. */
export interface MemoryAppend {
  readonly request: AppendRequest;
  readonly expected: number;
  readonly claim?: ClaimRequest | undefined;
}

/** The stream JOBS in memory: it checks expectations as nats-server does, on the job's messages under a filter. */
export class MemoryStream implements StoredMessages {
  /** Without those that were purged from its beginning. */
  #messages: StoredMessage[] = [];
  #purged = 0;
  readonly #ofJob = new Map<string, StoredMessage[]>();
  readonly #claims = new Map<string, StoredMessage>();

  /** The sequence of the oldest message, or of the next one if there is none. */
  get firstSequence(): number {
    return this.#purged + 1;
  }

  /** The sequence of the newest message, 0 for none. */
  get lastSequence(): number {
    return this.#purged + this.#messages.length;
  }

  /**
   * Stores events at the time `storedAt`, in milliseconds since 1970, each behind its claim; all or none.
   *
   * @throws ConcurrentAppendError
   */
  append(appends: readonly MemoryAppend[], storedAt: number): readonly StoredMessage[] {
    for (const append of appends) this.#assertExpected(append);
    return appends.map(({ request, expected, claim }) => {
      if (claim !== undefined) this.storeClaim(claim, storedAt);
      const message = storedMessage(request, { expected, sequence: this.lastSequence + 1, storedAt });
      this.#messages.push(message);
      const earlier = this.#ofJob.get(jobIdOfSubject(message.subject));
      if (earlier === undefined) this.#ofJob.set(jobIdOfSubject(message.subject), [message]);
      else earlier.push(message);
      return message;
    });
  }

  /** Stores a claim alone. @throws ConcurrentAppendError */
  storeClaim(claim: ClaimRequest, storedAt: number): void {
    this.#assertClaimed(claim);
    const { subject, text, expected } = claim;
    const place = { expected, sequence: this.lastSequence + 1, storedAt };
    const message = storedMessage({ subject, filter: subject, text }, place);
    this.#messages.push(message);
    this.#claims.set(subject, message);
  }

  /** The newest claim with this subject. */
  lastClaim(subject: string): StoredMessage | undefined {
    return this.#claims.get(subject);
  }

  /** The messages behind sequence `after`. */
  after(after: number): readonly StoredMessage[] {
    return this.#messages.slice(Math.max(0, after - this.#purged));
  }

  /** Up to `count` messages from a sequence on. */
  from(sequence: number, { count }: { readonly count: number }): Promise<StoredMessage[]> {
    return Promise.resolve(this.after(sequence - 1).slice(0, count));
  }

  /** Removes all messages before a sequence. */
  purgeBefore(sequence: number): void {
    const gone = this.#messages.splice(0, Math.max(0, sequence - this.firstSequence));
    this.#purged += gone.length;
    for (const { subject } of gone) {
      const ofJob = this.#ofJob.get(jobIdOfSubject(subject))?.filter((message) => message.sequence >= sequence) ?? [];
      if (ofJob.length === 0) this.#ofJob.delete(jobIdOfSubject(subject));
      else this.#ofJob.set(jobIdOfSubject(subject), ofJob);
      if ((this.#claims.get(subject)?.sequence ?? sequence) < sequence) this.#claims.delete(subject);
    }
  }

  newestOfEachSubject(...filters: readonly string[]): Promise<StoredMessage[]> {
    const found = filters.flatMap((filter) => this.#under(filter));
    const newest = new Map(found.map((message) => [message.subject, message]));
    return Promise.resolve([...newest.values()].toSorted((left, right) => left.sequence - right.sequence));
  }

  at(sequence: number): Promise<StoredMessage | undefined> {
    return Promise.resolve(this.#messages[sequence - this.firstSequence]);
  }

  page(filter: string, sequence: number): ReturnType<StoredMessages['page']> {
    const messages = this.#under(filter).filter((message) => message.sequence >= sequence);
    return Promise.resolve({ messages, isMore: false });
  }

  #assertExpected({ request: { owner, filter }, expected, claim }: MemoryAppend): void {
    if (claim !== undefined) this.#assertClaimed(claim);
    if (this.#lastUnder(filter) !== expected) throw new ConcurrentAppendError(`job ${owner}`, expected);
  }

  #assertClaimed({ subject, expected }: ClaimRequest): void {
    const last = this.#claims.get(subject)?.sequence ?? 0;
    if (last !== expected) throw new ConcurrentAppendError(`the unique key ${subject}`, expected);
  }

  #lastUnder(filter: string): number {
    return this.#under(filter).at(-1)?.sequence ?? 0;
  }

  /** Every filter of the log names a job. */
  #under(filter: string): readonly StoredMessage[] {
    const tokens = filter.split('.');
    const messages = this.#ofJob.get(jobIdOfSubject(filter)) ?? [];
    return messages.filter(({ subject }) => matches(subject.split('.'), tokens));
  }
}

function matches(subject: readonly string[], filter: readonly string[]): boolean {
  return filter.every((token, index) => token === '>' || token === '*' || token === subject[index]);
}

interface Place {
  readonly expected: number;
  readonly sequence: number;
  readonly storedAt: number;
}

function storedMessage(
  { subject, filter, text, traceparent }: Pick<AppendRequest, 'subject' | 'filter' | 'text' | 'traceparent'>,
  { expected, sequence, storedAt }: Place,
): StoredMessage {
  // As on the wire: without the header the server looks at the subject of the message.
  const expectation = { sequence: expected, filter: filter === subject ? undefined : filter };
  const header = (name: string) => (name === TRACEPARENT ? traceparent : headerOfExpectation(expectation, name));
  return { sequence, subject, recordedAt: timestampOf(storedAt), expectation, text, header };
}
