import { timestampOf } from '@jobstream/domain';
import { TRACEPARENT } from '../connection/headers.ts';
import type { AppendRequest } from '../append/appendRequest.ts';
import { ConcurrentAppendError } from '../errors.ts';
import type { StoredMessage } from '../read/directReader.ts';
import { headerOfExpectation } from '../read/jobLink.ts';
import type { StoredMessages } from '../read/jobReader.ts';
import { jobIdOfSubject } from '../streams/jobSubjects.ts';

/** The stream JOBS in memory: it checks expectations as nats-server does, on the job's messages under a filter. */
export class MemoryStream implements StoredMessages {
  readonly #messages: StoredMessage[] = [];
  readonly #ofJob = new Map<string, StoredMessage[]>();

  /** The sequence of the newest message, 0 for none. */
  get lastSequence(): number {
    return this.#messages.length;
  }

  /**
   * Stores an event at the time `storedAt`, in milliseconds since 1970.
   *
   * @throws ConcurrentAppendError
   */
  append(request: AppendRequest, expected: number, storedAt: number): StoredMessage {
    const { owner, subject, filter } = request;
    if (this.#lastUnder(filter) !== expected) throw new ConcurrentAppendError(`job ${owner}`, expected);
    const message = storedMessage(request, { expected, sequence: this.#messages.length + 1, storedAt });
    this.#messages.push(message);
    const earlier = this.#ofJob.get(jobIdOfSubject(subject));
    if (earlier === undefined) this.#ofJob.set(jobIdOfSubject(subject), [message]);
    else earlier.push(message);
    return message;
  }

  /** The messages behind sequence `after`. */
  after(after: number): readonly StoredMessage[] {
    return this.#messages.slice(after);
  }

  newestOfEachSubject(...filters: readonly string[]): Promise<StoredMessage[]> {
    const found = filters.flatMap((filter) => this.#under(filter));
    const newest = new Map(found.map((message) => [message.subject, message]));
    return Promise.resolve([...newest.values()].toSorted((left, right) => left.sequence - right.sequence));
  }

  at(sequence: number): Promise<StoredMessage | undefined> {
    return Promise.resolve(this.#messages[sequence - 1]);
  }

  page(filter: string, sequence: number): ReturnType<StoredMessages['page']> {
    const messages = this.#under(filter).filter((message) => message.sequence >= sequence);
    return Promise.resolve({ messages, isMore: false });
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
  { subject, filter, text, traceparent }: AppendRequest,
  { expected, sequence, storedAt }: Place,
): StoredMessage {
  // As on the wire: without the header the server looks at the subject of the message.
  const expectation = { sequence: expected, filter: filter === subject ? undefined : filter };
  const header = (name: string) => (name === TRACEPARENT ? traceparent : headerOfExpectation(expectation, name));
  return { sequence, subject, recordedAt: timestampOf(storedAt), expectation, text, header };
}
