import type { LoggedEvent, ScheduleEvent } from '@jobstream/domain';
import { LogUnavailableError } from '../errors.ts';
import type { DirectReader, StoredMessage } from '../read/directReader.ts';
import { decodeStoredEvent } from '../read/logEntry.ts';
import { type ClaimBody, decodeClaim } from '../read/claimMessage.ts';
import { decodeStoredScheduleEvent } from '../read/scheduleEntry.ts';
import type { ServerClock } from '../connection/serverClock.ts';
import type { JobReader, JobSnapshot, StoredHistory } from '../read/jobReader.ts';
import { keyOfClaim } from '../streams/claimSubject.ts';
import { JOBS_STREAM, type ExpiryRule } from '../streams/streams.ts';

/** Messages `first` to `last` are in the log, none if `last` is less; `now` is the server's clock, RFC 3339. */
export interface LogState {
  readonly first: number;
  readonly last: number;
  readonly now: string;
}

/** A message of the log with what it says. `newer`: an event of a schedule that this release cannot read. `none`: nothing that counts. */
export type PrefixMessage = { readonly sequence: number; readonly recordedAt: string } & (
  | { readonly kind: 'job'; readonly event: LoggedEvent }
  | { readonly kind: 'schedule'; readonly event: ScheduleEvent }
  | { readonly kind: 'claim'; readonly key: string; readonly claim: ClaimBody }
  | { readonly kind: 'newer' | 'none' }
);

/** What is asked of the server: where a stream begins and ends, and to remove its beginning. */
interface StreamManager {
  readonly streams: {
    info(stream: string): Promise<{ readonly state: { readonly first_seq: number; readonly last_seq: number } }>;
    purge(stream: string, options: { readonly seq: number }): Promise<unknown>;
  };
}

export interface LogPrefixOptions {
  readonly manager: StreamManager;
  readonly direct: Pick<DirectReader, 'from'>;
  readonly reader: Pick<JobReader, 'stored'>;
  readonly rule: ExpiryRule;
  /** Age from which on messages may leave the log, in milliseconds; 0 for never. */
  readonly maxAgeMs: number;
  readonly clock: Pick<ServerClock, 'now'>;
}

/** The beginning of the log, as its keeper sees it. Its promises reject with LogUnavailableError. */
export class LogPrefix {
  /** How messages leave the log. */
  readonly rule: ExpiryRule;
  readonly #maxAgeMs: number;
  readonly #clock: Pick<ServerClock, 'now'>;
  readonly #manager: StreamManager;
  readonly #direct: Pick<DirectReader, 'from'>;
  readonly #reader: Pick<JobReader, 'stored'>;

  constructor({ manager, direct, reader, rule, maxAgeMs, clock }: LogPrefixOptions) {
    this.#maxAgeMs = maxAgeMs;
    this.#clock = clock;
    this.#direct = direct;
    this.rule = rule;
    this.#manager = manager;
    this.#reader = reader;
  }

  /** Whether a keeper may purge the event soon with which this job begins in the log: half of the maximum age is over. */
  mayLose({ since }: JobSnapshot): boolean {
    return this.#maxAgeMs > 0 && since !== undefined && this.#clock.now() - Date.parse(since) > this.#maxAgeMs / 2;
  }

  async state(): Promise<LogState> {
    try {
      const info = await this.#manager.streams.info(JOBS_STREAM);
      const { first_seq: first, last_seq: last } = info.state;
      return { first: Math.max(first, 1), last, now: timeOf(info) };
    } catch (error) {
      throw new LogUnavailableError('the state of its stream could not be read', { cause: error });
    }
  }

  /** Returns up to `count` messages, and up to 8 MB of them, from this sequence on. */
  async read(sequence: number, count: number): Promise<readonly PrefixMessage[]> {
    return (await this.#direct.from(sequence, { count })).map(decode);
  }

  /** Returns when the next message from this sequence on was stored, in milliseconds since 1970 by the server's clock; undefined if there is none. */
  async storedAt(sequence: number): Promise<number | undefined> {
    const [message] = await this.#direct.from(sequence, { count: 1 });
    return message && Date.parse(message.recordedAt);
  }

  /** Returns the age of the oldest message in milliseconds, by the server's clock; 0 for an empty log. */
  async oldestAgeMs(): Promise<number> {
    const { first, now } = await this.state();
    const oldest = await this.storedAt(first);
    return oldest === undefined ? 0 : Math.max(0, Date.parse(now) - oldest);
  }

  /** Returns the events of a job that are in the log, with contents as they are stored, and for nothing but to be written down again. */
  storedHistory(jobId: string, jobType: string): Promise<StoredHistory> {
    return this.#reader.stored(jobId, jobType);
  }

  /** Removes all messages before this sequence for good; the stream must be `purged`. */
  async purgeBefore(sequence: number): Promise<void> {
    try {
      await this.#manager.streams.purge(JOBS_STREAM, { seq: sequence });
    } catch (error) {
      throw new LogUnavailableError('its beginning could not be purged', { cause: error });
    }
  }
}

function decode(message: StoredMessage): PrefixMessage {
  const { sequence, recordedAt, subject, text, header } = message;
  const at = { sequence, recordedAt };
  if (subject.startsWith('jobs.')) {
    const decoded = decodeStoredEvent(subject, text, header);
    return decoded.kind === 'malformed' ? { ...at, kind: 'none' } : { ...at, kind: 'job', event: decoded.event };
  }
  const key = keyOfClaim(subject);
  if (key !== undefined) return { ...at, kind: 'claim', key, claim: decodeClaim(text) };
  const decoded = decodeStoredScheduleEvent(message);
  if (decoded.kind === 'event') return { ...at, kind: 'schedule', event: decoded.event };
  return { ...at, kind: decoded.kind === 'newer' ? 'newer' : 'none' };
}

/** The client library does not declare the time of the answer. */
function timeOf(info: object): string {
  return new Date('ts' in info && typeof info.ts === 'string' ? info.ts : Date.now()).toISOString();
}
