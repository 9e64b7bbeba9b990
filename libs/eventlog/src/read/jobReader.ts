import {
  callsForWork,
  carryNames,
  foldHistory,
  foldSignals,
  foldSteps,
  isCarry,
  isCreation,
  type Job,
  type JobEventName,
  type LoggedEvent,
  type RecordedStep,
  type Signal,
  tokensOf,
} from '@jobstream/domain';
import { JobUnreadableError, LogUnavailableError } from '../errors.ts';
import { jobFilter, jobIdOfSubject } from '../streams/jobSubjects.ts';
import { TooManySubjectsError, type DirectReader, type StoredMessage } from './directReader.ts';
import { EarlierMessages } from './earlierMessages.ts';
import type { ExpiredEvents } from './expiredEvents.ts';
import { FilteredReader } from './filteredReader.ts';
import type { LeaderReader } from './leaderReader.ts';
import { previousOfJob } from './jobLink.ts';
import { decodeRecordedEvent, isReadableRecord, type RecordedEvent, withExactSteps } from './logEntry.ts';

/**
 * A job folded from its whole history. `sequence` is what the next append must expect: that of the job's last message in
 * the log, 0 if all of them have expired. `dispatches` are the sequences of the event with which the history begins
 * and of each later one that calls for work: a call for work behind the first that is not among them is a copy, which a
 * stranger has stored.
 */
export interface JobSnapshot {
  readonly job: Job;
  readonly sequence: number;
  readonly dispatches: readonly number[];
  /** Calls for work that were stored before this sequence are obsolete. */
  readonly calledFrom?: number;
  /** Whether whoever gets such a call has to make it again: the job has got another priority. Else a timer has replaced them. */
  readonly callsAgain?: true;
  /** When the event was recorded with which the job begins in the log: its last JobCarried, or its JobCreated. */
  readonly since?: string;
  /** The steps of a job that has some, each as it was recorded last. */
  readonly steps?: readonly RecordedStep[];
  /** The signals that no step has read, of a job that has some, oldest first. */
  readonly signals?: readonly Signal[];
  /** The sequences of the job's events by their ids, of the same look at the log. */
  readonly sequences?: ReadonlyMap<string, number>;
}

const CARRIED = carryNames.flatMap(tokensOf).map((token) => `.${token}`);
/** Behind these, calls for work from before are obsolete. */
const REPLACES_CALLS: ReadonlySet<string> = new Set<JobEventName>([...carryNames, 'JobPriorityChanged']);
/** A creation is stored within seconds; one that is older when it is stored is looked for in the archive. */
const CREATION_MS = 60_000;

/** The events of a job that are in the log. `sequence` is as in JobSnapshot. */
export interface StoredHistory {
  readonly events: readonly RecordedEvent<LoggedEvent>[];
  readonly sequence: number;
}

/** Where the messages of the log are read. */
export type StoredMessages = Pick<DirectReader, 'newestOfEachSubject' | 'at' | 'page'>;

export interface JobReaderOptions {
  readonly direct: StoredMessages;
  /** Only for a replicated log; a single server is its own leader. */
  readonly leader?: LeaderReader | undefined;
  /** Only for a log with an archive. */
  readonly expired?: Pick<ExpiredEvents, 'eventsBefore'> | undefined;
  readonly deadlineMs: number;
}

/**
 * Reads single jobs. One request returns the newest message of each of the job's subjects, which is the whole history of
 * most jobs; earlier messages of a subject are found by walking back along the expected sequences that link the events, in pages where they are many. Where the links do not
 * hold, because a stranger stored messages on the job's subjects, all messages under the job's filter are read instead.
 *
 * Any replica may answer, and a lagging one misses the end of the history: a worker would take a requeued job for a
 * failed one. So the leader is asked for the last event; earlier events never change. Every method rejects with
 * LogUnavailableError, HistoryIncompleteError.
 */
export class JobReader {
  readonly #direct: StoredMessages;
  readonly #filteredReader: FilteredReader;
  readonly #leader: LeaderReader | undefined;
  readonly #expired: Pick<ExpiredEvents, 'eventsBefore'> | undefined;
  readonly #deadlineMs: number;

  constructor({ direct, leader, expired, deadlineMs }: JobReaderOptions) {
    this.#expired = expired;
    this.#direct = direct;
    this.#filteredReader = new FilteredReader(direct);
    this.#leader = leader;
    this.#deadlineMs = deadlineMs;
  }

  /**
   * Returns the job's state, or undefined if there is no such job.
   *
   * @throws JobUnreadableError if a newer release has created it in a way that this one cannot read.
   */
  async job(jobId: string, jobType?: string): Promise<JobSnapshot | undefined> {
    const messages = await this.#messages(jobId, jobType);
    // The state begins with a JobCarried as well, which spares a look into the archive.
    const history = messages.some(isCarryMessage) ? eventsOf(messages) : await this.#whole(jobId, messages);
    const folded = snapshotOf(history);
    if (folded === undefined) assertReadable(jobId, history);
    const sequences = new Map(history.flatMap(({ event, sequence }) => ('id' in event ? [[event.id, sequence]] : [])));
    return folded && { ...folded, sequences, sequence: lastOf(messages, jobFilter(jobId, folded.job.type)) };
  }

  /**
   * Returns all events of the job, oldest first, without those that the fold ignores; all of a history whose beginning has expired, of
   * which no state can be made. Throws as `job`.
   */
  async history(jobId: string, jobType?: string): Promise<readonly RecordedEvent<LoggedEvent>[]> {
    const history = await this.#whole(jobId, await this.#messages(jobId, jobType));
    const { job, changes } = foldHistory(history);
    if (job !== undefined) return changes;
    assertReadable(jobId, history);
    return history;
  }

  /** Returns the events of the job that are in the log, oldest first, for who writes the job down again; see `withExactSteps`. */
  async stored(jobId: string, jobType: string): Promise<StoredHistory> {
    const messages = await this.#messages(jobId, jobType);
    return { events: exactEventsOf(messages), sequence: lastOf(messages, jobFilter(jobId, jobType)) };
  }

  /** The job's messages in the log, oldest first. */
  async #messages(jobId: string, jobType?: string): Promise<readonly StoredMessage[]> {
    const filter = jobFilter(jobId, jobType);
    const [newest, last] = await Promise.all([
      this.#newest(filter),
      this.#fromLeader((leader) => leader.lastMessage(filter, this.#deadlineMs)),
    ]);
    const history = newest && (await this.#walkBack(withLast(newest, last), jobId));
    return history ?? this.#filtered(filter, last?.sequence ?? 0);
  }

  /** As `messages`, without the links. The replica may lack messages up to the last one that the leader has. */
  async #filtered(filter: string, last: number): Promise<readonly StoredMessage[]> {
    const messages = [...(await this.#filteredReader.read(filter))];
    for (let after = messages.at(-1)?.sequence ?? 0; after < last; after = messages.at(-1)?.sequence ?? last) {
      const next = await this.#fromLeader((leader) => leader.messageAfter(filter, after, this.#deadlineMs));
      if (next === undefined) break;
      messages.push(next);
    }
    return messages;
  }

  /** The events of these messages, behind the expired ones unless the history begins with the job's creation. */
  async #whole(jobId: string, messages: readonly StoredMessage[]): Promise<readonly RecordedEvent<LoggedEvent>[]> {
    const kept = eventsOf(messages);
    const [first] = kept;
    if (this.#expired === undefined || messages.some((message) => isOriginal(message, first))) return kept;
    return [...(await this.#expired.eventsBefore(first?.sequence ?? Infinity, jobId)), ...kept];
  }

  /** The newest message of each of the job's subjects that a replica has; undefined if strangers made too many subjects. */
  async #newest(filter: string): Promise<readonly StoredMessage[] | undefined> {
    try {
      return await this.#direct.newestOfEachSubject(filter);
    } catch (error) {
      if (error instanceof TooManySubjectsError) return undefined;
      throw error;
    }
  }

  /**
   * The whole history, oldest first, of the job whose newest messages these are. Undefined if a link is missing or leads
   * away: a writer that does not keep to the protocol wrote on the job's subjects.
   */
  async #walkBack(newest: readonly StoredMessage[], jobId: string): Promise<StoredMessage[] | undefined> {
    const known = new Map(newest.map((message) => [message.sequence, message]));
    const earlier = new EarlierMessages(this.#direct, newest);
    const history: StoredMessage[] = [];
    let message = newest.at(-1);
    while (message !== undefined) {
      const { sequence, subject, expectation } = message;
      const previous = previousOfJob(subject, expectation);
      if (previous === undefined || previous >= sequence || jobIdOfSubject(subject) !== jobId) return undefined;
      history.push(message);
      known.delete(sequence);
      message = previous === 0 ? undefined : (known.get(previous) ?? (await this.#at(previous, earlier)));
    }
    return known.size === 0 ? history.toReversed() : undefined;
  }

  async #at(sequence: number, earlier: EarlierMessages): Promise<StoredMessage | undefined> {
    const found = await earlier.at(sequence);
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

function eventsOf(messages: readonly StoredMessage[]): readonly RecordedEvent<LoggedEvent>[] {
  return messages.flatMap((message) => decodeRecordedEvent(message, message.text, message.header));
}

function exactEventsOf(messages: readonly StoredMessage[]): readonly RecordedEvent<LoggedEvent>[] {
  return messages.flatMap((message) =>
    decodeRecordedEvent(message, message.text, message.header).map((recorded) =>
      withExactSteps(recorded, message.text),
    ),
  );
}

/** The sequence of the last message under a filter, also of a malformed one: an append that expected another would always conflict. */
function lastOf(messages: readonly StoredMessage[], filter: string): number {
  const own = filter.slice(0, -1);
  return messages.findLast(({ subject }) => subject.startsWith(own))?.sequence ?? 0;
}

/** Whether the message writes the job down again, and is not a copy that a stranger stored. */
function isCarryMessage({ subject, expectation }: StoredMessage): boolean {
  return CARRIED.some((end) => subject.endsWith(end)) && previousOfJob(subject, expectation) !== undefined;
}

function withLast(newest: readonly StoredMessage[], last: StoredMessage | undefined): readonly StoredMessage[] {
  return last === undefined || last.sequence <= (newest.at(-1)?.sequence ?? 0) ? newest : [...newest, last];
}

/**
 * Whether the job's first event in the log is its creation, and not a copy that a stranger stored after it had expired: when all
 * messages of the job have, the server takes a copy with the same headers for the first one, but its time is that of the original.
 */
function isOriginal(
  { sequence, subject, expectation }: StoredMessage,
  first: RecordedEvent<LoggedEvent> | undefined,
): boolean {
  const isFirst = first?.sequence === sequence && isCreation(first.event);
  if (!isFirst || previousOfJob(subject, expectation) !== 0) return false;
  return Date.parse(first.recordedAt) - Date.parse(first.event.at) < CREATION_MS;
}

/** A history of which no state can be made: with an event of a newer release in it, the job exists nevertheless. */
function assertReadable(jobId: string, history: readonly RecordedEvent<LoggedEvent>[]): void {
  if (!history.every(isReadableRecord)) throw new JobUnreadableError(jobId);
}

function snapshotOf(history: readonly RecordedEvent<LoggedEvent>[]): Omit<JobSnapshot, 'sequence'> | undefined {
  const { job, changes } = foldHistory(history);
  const [first] = changes;
  if (job === undefined || first === undefined) return undefined;
  const calls = changes.filter((one) => one === first || callsForWork(one.event.event));
  const dispatches = calls.map(({ sequence }) => sequence);
  const carried = changes.findLast(({ event }) => isCarry(event));
  const replaced = changes.findLast(({ event }) => REPLACES_CALLS.has(event.event));
  const since = (carried ?? first).recordedAt;
  return { job, dispatches, since, ...calledFrom(replaced), ...entriesOf(job, changes) };
}

function entriesOf(
  { stepsRecorded, unread }: Job,
  changes: readonly RecordedEvent<LoggedEvent>[],
): Pick<JobSnapshot, 'steps' | 'signals'> {
  if (stepsRecorded === undefined && unread === undefined) return {};
  const events = changes.map(({ event }) => event);
  return {
    ...(stepsRecorded === undefined ? {} : { steps: foldSteps(events) }),
    ...(unread === undefined ? {} : { signals: foldSignals(events) }),
  };
}

function calledFrom(replaced: RecordedEvent<LoggedEvent> | undefined): Pick<JobSnapshot, 'calledFrom' | 'callsAgain'> {
  if (replaced === undefined) return {};
  const { sequence, event } = replaced;
  return isCarry(event) ? { calledFrom: sequence } : { calledFrom: sequence, callsAgain: true };
}
