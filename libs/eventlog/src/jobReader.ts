import { decodeJobEvent, fold } from '@jobstream/domain';
import type { DirectReader, StoredMessage } from './directReader.ts';
import { NewerEventError } from './errors.ts';
import type { JobSnapshot } from './jobSnapshot.ts';
import type { RecordedEvent } from './recordedEvent.ts';
import { jobFilter } from './subjects.ts';

/**
 * Reads single jobs. One request brings the newest message of each of the job's subjects, which is the whole history of
 * most jobs; what came more than once is found by walking back along the expectations that link the events.
 */
export class JobReader {
  readonly #direct: DirectReader;

  constructor(direct: DirectReader) {
    this.#direct = direct;
  }

  async job(jobId: string, jobType?: string): Promise<JobSnapshot | undefined> {
    const history = await this.history(jobId, jobType);
    const job = fold(history.map(({ event }) => event));
    const last = history.at(-1);
    return job === undefined || last === undefined ? undefined : { job, sequence: last.sequence };
  }

  async history(jobId: string, jobType?: string): Promise<readonly RecordedEvent[]> {
    const newest = await this.#direct.newestOfEachSubject(jobFilter(jobId, jobType));
    const messages = await this.#walkBack(newest);
    return messages.flatMap(recordedEvent);
  }

  /** The whole history, oldest first, of the job whose newest messages these are. */
  async #walkBack(newest: readonly StoredMessage[]): Promise<StoredMessage[]> {
    const known = new Map(newest.map((message) => [message.sequence, message]));
    const history: StoredMessage[] = [];
    let message = newest.at(-1);
    while (message !== undefined) {
      history.push(message);
      const previous = previousSequence(message, newest);
      message = previous === 0 ? undefined : (known.get(previous) ?? (await this.#direct.at(previous)));
    }
    return history.toReversed();
  }
}

/** 0 for the first event. A writer that sent no expectation left no link: then the next older message that is known. */
function previousSequence(message: StoredMessage, newest: readonly StoredMessage[]): number {
  return message.expected ?? newest.findLast(({ sequence }) => sequence < message.sequence)?.sequence ?? 0;
}

function recordedEvent({ sequence, recordedAt, text }: StoredMessage): RecordedEvent[] {
  const decoded = decodeJobEvent(text);
  if (decoded.kind === 'newer') throw new NewerEventError(sequence, decoded.version);
  return decoded.kind === 'malformed' ? [] : [{ sequence, recordedAt, event: decoded.event }];
}
