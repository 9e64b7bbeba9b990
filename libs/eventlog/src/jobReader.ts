import { decodeJobEvent, fold } from '@jobstream/domain';
import { jetstreamManager, type DirectStreamAPI, type StoredMsg } from '@nats-io/jetstream';
import type { Connection } from './connection.ts';
import { LogUnavailableError, NewerEventError } from './errors.ts';
import { EXPECTED_SEQUENCE } from './headers.ts';
import type { JobSnapshot } from './jobSnapshot.ts';
import type { RecordedEvent } from './recordedEvent.ts';
import { JOBS_STREAM } from './streams.ts';
import { jobFilter } from './subjects.ts';

/**
 * Reads single jobs. One request brings the newest message of each of the job's subjects, which is the whole history of
 * most jobs; what came more than once is found by walking back along the expectations that link the events.
 */
export class JobReader {
  readonly #connection: Connection;
  readonly #direct: DirectStreamAPI;
  readonly #deadlineMs: number;

  private constructor(connection: Connection, direct: DirectStreamAPI, deadlineMs: number) {
    this.#connection = connection;
    this.#direct = direct;
    this.#deadlineMs = deadlineMs;
  }

  static async open(connection: Connection, deadlineMs: number): Promise<JobReader> {
    const manager = await jetstreamManager(connection.nats, { checkAPI: false, timeout: deadlineMs });
    return new JobReader(connection, manager.direct, deadlineMs);
  }

  async job(jobId: string, jobType?: string): Promise<JobSnapshot | undefined> {
    const history = await this.history(jobId, jobType);
    const job = fold(history.map(({ event }) => event));
    const last = history.at(-1);
    return job === undefined || last === undefined ? undefined : { job, sequence: last.sequence };
  }

  async history(jobId: string, jobType?: string): Promise<readonly RecordedEvent[]> {
    if (!this.#connection.isConnected()) throw new LogUnavailableError('not connected');
    try {
      const newest = await this.#newestOfEachSubject(jobFilter(jobId, jobType));
      const messages = await this.#walkBack(newest);
      return messages.flatMap(recordedEvent);
    } catch (error) {
      if (error instanceof NewerEventError) throw error;
      throw new LogUnavailableError(`job ${jobId} could not be read`, { cause: error });
    }
  }

  async #newestOfEachSubject(filter: string): Promise<StoredMsg[]> {
    const found: StoredMsg[] = [];
    const timeout = AbortSignal.timeout(this.#deadlineMs);
    const answers = await this.#direct.getLastMessagesFor(JOBS_STREAM, { multi_last: [filter] });
    const onTimeout = () => answers.stop(new Error('no answer within the deadline'));
    timeout.addEventListener('abort', onTimeout);
    try {
      for await (const message of answers) found.push(message);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    } finally {
      timeout.removeEventListener('abort', onTimeout);
    }
    return found.toSorted((left, right) => left.seq - right.seq);
  }

  /** The whole history, oldest first, of the job whose newest messages these are. */
  async #walkBack(newest: readonly StoredMsg[]): Promise<StoredMsg[]> {
    const known = new Map(newest.map((message) => [message.seq, message]));
    const history: StoredMsg[] = [];
    let message = newest.at(-1);
    while (message !== undefined) {
      history.push(message);
      const previous = previousSequence(message, newest);
      message = previous === 0 ? undefined : (known.get(previous) ?? (await this.#at(previous)));
    }
    return history.toReversed();
  }

  async #at(sequence: number): Promise<StoredMsg | undefined> {
    return (await this.#direct.getMessage(JOBS_STREAM, { seq: sequence })) ?? undefined;
  }
}

/** 0 for the first event. A writer that sent no expectation left no link: then the next older message that is known. */
function previousSequence(message: StoredMsg, newest: readonly StoredMsg[]): number {
  const link = message.header.get(EXPECTED_SEQUENCE);
  if (link !== '') return Number(link);
  return newest.findLast(({ seq }) => seq < message.seq)?.seq ?? 0;
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 404;
}

function recordedEvent(message: StoredMsg): RecordedEvent[] {
  const decoded = decodeJobEvent(message.string());
  if (decoded.kind === 'newer') throw new NewerEventError(message.seq, decoded.version);
  if (decoded.kind === 'malformed') return [];
  return [{ sequence: message.seq, recordedAt: message.time.toISOString(), event: decoded.event }];
}
