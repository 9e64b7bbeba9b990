import { fold } from '@jobstream/domain';
import { decodeStoredEvent } from './decodeStoredEvent.ts';
import type { DirectReader, StoredMessage } from './directReader.ts';
import { LogUnavailableError, NewerEventError } from '../errors.ts';
import type { ExpiredEvents } from './expiredEvents.ts';
import type { JobSnapshot } from './jobSnapshot.ts';
import type { LeaderReader } from './leaderReader.ts';
import type { RecordedEvent } from './recordedEvent.ts';
import { jobFilter } from '../streams/jobSubjects.ts';

export interface JobReaderOptions {
  readonly direct: DirectReader;
  /** Where the log has replicas; one server is its own leader. */
  readonly leader?: LeaderReader | undefined;
  /** Where the log has an archive. */
  readonly expired?: Pick<ExpiredEvents, 'eventsBefore'> | undefined;
  readonly deadlineMs: number;
}

/**
 * Reads single jobs. One request brings the newest message of each of the job's subjects, which is the whole history of
 * most jobs; what came more than once is found by walking back along the expectations that link the events.
 *
 * Any replica may answer, and one that lags does not have the end of the history: a worker that believed it would take
 * a requeued job for one that has failed. So the leader says where the history ends; what came before never changes.
 */
export class JobReader {
  readonly #direct: DirectReader;
  readonly #leader: LeaderReader | undefined;
  readonly #expired: Pick<ExpiredEvents, 'eventsBefore'> | undefined;
  readonly #deadlineMs: number;

  constructor({ direct, leader, expired, deadlineMs }: JobReaderOptions) {
    this.#expired = expired;
    this.#direct = direct;
    this.#leader = leader;
    this.#deadlineMs = deadlineMs;
  }

  async job(jobId: string, jobType?: string): Promise<JobSnapshot | undefined> {
    const messages = await this.#messages(jobId, jobType);
    const job = fold((await this.#whole(jobId, messages.flatMap(recordedEvent))).map(({ event }) => event));
    // The next append goes behind whatever is there: one that expected the last readable event would conflict for ever.
    return job === undefined ? undefined : { job, sequence: messages.at(-1)?.sequence ?? 0 };
  }

  async history(jobId: string, jobType?: string): Promise<readonly RecordedEvent[]> {
    return this.#whole(jobId, (await this.#messages(jobId, jobType)).flatMap(recordedEvent));
  }

  /** What the log has of the job, oldest first. */
  async #messages(jobId: string, jobType?: string): Promise<readonly StoredMessage[]> {
    return this.#walkBack(await this.#newest(jobFilter(jobId, jobType)));
  }

  /** A history that begins with the creation of the job is whole. */
  async #whole(jobId: string, kept: readonly RecordedEvent[]): Promise<readonly RecordedEvent[]> {
    const [first] = kept;
    if (this.#expired === undefined || first?.event.event === 'JobCreated') return kept;
    return [...(await this.#expired.eventsBefore(first?.sequence ?? Infinity, jobId)), ...kept];
  }

  /** The newest message of each of the job's subjects as far as a replica has it, and in any case the last of all. */
  async #newest(filter: string): Promise<readonly StoredMessage[]> {
    const [newest, last] = await Promise.all([this.#direct.newestOfEachSubject(filter), this.#last(filter)]);
    return last === undefined || last.sequence <= (newest.at(-1)?.sequence ?? 0) ? newest : [...newest, last];
  }

  #last(filter: string): Promise<StoredMessage | undefined> {
    return this.#fromLeader((leader) => leader.lastMessage(filter, this.#deadlineMs));
  }

  /** The whole history, oldest first, of the job whose newest messages these are. */
  async #walkBack(newest: readonly StoredMessage[]): Promise<StoredMessage[]> {
    const known = new Map(newest.map((message) => [message.sequence, message]));
    const history: StoredMessage[] = [];
    let message = newest.at(-1);
    while (message !== undefined) {
      history.push(message);
      const previous = previousSequence(message, newest);
      message = previous === 0 ? undefined : (known.get(previous) ?? (await this.#at(previous)));
    }
    return history.toReversed();
  }

  async #at(sequence: number): Promise<StoredMessage | undefined> {
    const found = await this.#direct.at(sequence);
    return found ?? this.#fromLeader((leader) => leader.messageAt(sequence, this.#deadlineMs));
  }

  async #fromLeader(
    read: (leader: LeaderReader) => Promise<StoredMessage | undefined>,
  ): Promise<StoredMessage | undefined> {
    try {
      return this.#leader === undefined ? undefined : await read(this.#leader);
    } catch (error) {
      throw new LogUnavailableError('a read failed', { cause: error });
    }
  }
}

/** 0 for the first event. A writer that sent no expectation left no link: then the next older message that is known. */
function previousSequence(message: StoredMessage, newest: readonly StoredMessage[]): number {
  return message.expected ?? newest.findLast(({ sequence }) => sequence < message.sequence)?.sequence ?? 0;
}

function recordedEvent({ sequence, subject, recordedAt, text }: StoredMessage): RecordedEvent[] {
  const decoded = decodeStoredEvent(subject, text);
  if (decoded.kind === 'newer') throw new NewerEventError(sequence, decoded.version);
  return decoded.kind === 'malformed' ? [] : [{ sequence, recordedAt, event: decoded.event }];
}
