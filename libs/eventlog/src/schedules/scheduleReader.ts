import { setTimeout as pause } from 'node:timers/promises';
import { foldSchedule, type Schedule, type ScheduleEvent, type ScheduleState } from '@jobstream/domain';
import type { JetStreamManager } from '@nats-io/jetstream';
import { LogUnavailableError, NewerEventError } from '../errors.ts';
import type { DirectReader, StoredMessage } from '../read/directReader.ts';
import type { LeaderReader } from '../read/leaderReader.ts';
import type { RecordedEvent } from '../read/logEntry.ts';
import { decodeStoredScheduleEvent } from '../read/scheduleEntry.ts';
import { EVERY_SCHEDULE, scheduleFilter, scheduleOfSubject } from '../streams/scheduleSubjects.ts';
import { JOBS_STREAM, subjectsUnder } from '../streams/streams.ts';

export type RecordedScheduleEvent = RecordedEvent<ScheduleEvent>;

/** A schedule folded from its events, perhaps deleted. `sequence` is that of the last one, which the next append must expect. */
export interface ScheduleSnapshot {
  readonly schedule: Schedule;
  readonly sequence: number;
}

/** The end of a name's events. Without the expired beginning of a schedule it has no state, but still an end. */
export interface ScheduleEnd {
  readonly schedule: ScheduleState;
  /** That of the last event, which the next append must expect; 0 for a name without events. */
  readonly sequence: number;
  /** The tenant of the last event. */
  readonly tenant: string | undefined;
}

/** The server answers with at most 1,024 messages, and a schedule has one newest message of each of four kinds. */
const NAMES_PER_REQUEST = 200;
const REPLICA_PAUSE_MS = 25;

export interface ScheduleReaderOptions {
  readonly direct: DirectReader;
  /** Only for a replicated log; a single server is its own leader. */
  readonly leader?: LeaderReader | undefined;
  readonly manager: JetStreamManager;
  readonly deadlineMs: number;
}

/**
 * Reads schedules: the newest event of each kind holds the whole state, however often a schedule has ticked. Every method
 * rejects with LogUnavailableError, and all but `readAll` at an event of a newer release with NewerEventError.
 */
export class ScheduleReader {
  readonly #direct: DirectReader;
  readonly #leader: LeaderReader | undefined;
  readonly #manager: JetStreamManager;
  readonly #deadlineMs: number;

  constructor({ direct, leader, manager, deadlineMs }: ScheduleReaderOptions) {
    this.#direct = direct;
    this.#leader = leader;
    this.#manager = manager;
    this.#deadlineMs = deadlineMs;
  }

  /** Returns one schedule, with everything that was acknowledged before the call. */
  async read(name: string): Promise<ScheduleSnapshot | undefined> {
    return snapshotOf(await this.#newest(name));
  }

  /** As `read`, but for the next append: also of a name without a schedule. */
  async readEnd(name: string): Promise<ScheduleEnd> {
    return endOf(await this.#newest(name));
  }

  /**
   * Returns those of the names that have or had a schedule, in the order of the names; perhaps stale by a replica's lag. An
   * event of a newer release is passed by, so that it does not keep the others from being read.
   */
  async readAll(names: readonly string[]): Promise<ScheduleSnapshot[]> {
    const snapshots: ScheduleSnapshot[] = [];
    for (let start = 0; start < names.length; start += NAMES_PER_REQUEST) {
      const some = names.slice(start, start + NAMES_PER_REQUEST);
      const messages = await this.#direct.newestOfEachSubject(...some.map(scheduleFilter));
      const byName = Map.groupBy(messages, ({ subject }) => scheduleOfSubject(subject));
      const found = some.map((name) => snapshotOf((byName.get(name) ?? []).filter(isReadable)));
      snapshots.push(...found.filter((one) => one !== undefined));
    }
    return snapshots;
  }

  /** Returns every name that has or had a schedule, in alphabetical order. */
  async names(): Promise<string[]> {
    const subjects = await subjectsUnder(this.#manager, JOBS_STREAM, EVERY_SCHEDULE);
    return [...new Set(subjects.map(scheduleOfSubject))].toSorted();
  }

  /** Returns up to `limit` events of a schedule, newest first, older than the one with sequence `before`. */
  async history(name: string, { before, limit }: { before?: number; limit: number }): Promise<RecordedScheduleEvent[]> {
    const events: RecordedScheduleEvent[] = [];
    let message =
      before === undefined ? (await this.#newest(name)).at(-1) : await this.#previous(await this.#of(name, before));
    while (message !== undefined && events.length < limit) {
      events.push(...recordedEvent(message));
      message = events.length < limit ? await this.#previous(message) : undefined;
    }
    return events;
  }

  /** The replica that answers may lag behind: it is asked again until it has the leader's last event. */
  async #newest(name: string): Promise<StoredMessage[]> {
    const deadline = performance.now() + this.#deadlineMs;
    const end = await this.#end(name);
    for (;;) {
      const newest = await this.#direct.newestOfEachSubject(scheduleFilter(name));
      if ((newest.at(-1)?.sequence ?? 0) >= end) return newest;
      if (performance.now() >= deadline) throw new LogUnavailableError('a replica lags behind');
      await pause(REPLICA_PAUSE_MS);
    }
  }

  async #end(name: string): Promise<number> {
    try {
      return (await this.#leader?.last(scheduleFilter(name), this.#deadlineMs))?.sequence ?? 0;
    } catch (error) {
      throw new LogUnavailableError('a read failed', { cause: error });
    }
  }

  /** The message with this sequence, if it is about the schedule. */
  async #of(name: string, sequence: number): Promise<StoredMessage | undefined> {
    const message = await this.#direct.at(sequence);
    return message?.subject.startsWith(scheduleFilter(name).slice(0, -1)) === true ? message : undefined;
  }

  async #previous(message: StoredMessage | undefined): Promise<StoredMessage | undefined> {
    const previous = message?.expectation.sequence;
    return previous === undefined || previous === 0 ? undefined : this.#direct.at(previous);
  }
}

function snapshotOf(newest: readonly StoredMessage[]): ScheduleSnapshot | undefined {
  const { schedule, sequence } = endOf(newest);
  return schedule && { schedule, sequence };
}

function endOf(newest: readonly StoredMessage[]): ScheduleEnd {
  const events = newest.flatMap(recordedEvent).map(({ event }) => event);
  return { schedule: foldSchedule(events), sequence: newest.at(-1)?.sequence ?? 0, tenant: events.at(-1)?.tenant };
}

function isReadable(message: StoredMessage): boolean {
  return decodeStoredScheduleEvent(message).kind !== 'newer';
}

function recordedEvent(message: StoredMessage): RecordedScheduleEvent[] {
  const { sequence, recordedAt } = message;
  const decoded = decodeStoredScheduleEvent(message);
  if (decoded.kind === 'newer') throw new NewerEventError(sequence, decoded.reason);
  return decoded.kind === 'malformed' ? [] : [{ sequence, recordedAt, event: decoded.event }];
}
