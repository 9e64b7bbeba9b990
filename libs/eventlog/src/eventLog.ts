import type { JobEvent, LoggedEvent } from '@jobstream/domain';
import type { Announcements } from './announcements/announcements.ts';
import type { AttemptLogs } from './attemptLogs/attemptLogs.ts';
import { ArchivedFeed } from './read/archivedFeed.ts';
import { type Claim, jobAppendRequest } from './append/appendRequest.ts';
import { appendTogether } from './appendTogether.ts';
import { ReachedPosition } from './append/reachedPosition.ts';
import type { ContentSealer } from './sealing/contentSealer.ts';
import { Connection, within } from './connection/connection.ts';
import { buildParts, type EventLogParts, finishParts, prepare, serveConsumers, serverTime } from './eventLogParts.ts';
import { LogUnavailableError, notStarted, StreamMismatchError } from './errors.ts';
import type { EventFeed, HeaderFields, LogEntry } from './read/logEntry.ts';
import { isReadableRecord, type RecordedEvent } from './read/logEntry.ts';
import type { EventLogOptions } from './eventLogOptions.ts';
import { subscribeToCancellations } from './queue/queueHints.ts';
import type { ConsumerManager } from './queue/consumers/consumerManager.ts';
import type { JobQueue } from './queue/jobQueue.ts';
import type { JobQueueOptions, OpenQueue } from './queue/jobQueueOptions.ts';
import type { JobTypeControl } from './queue/jobTypeControl.ts';
import type { Lanes } from './queue/lanes.ts';
import type { JobSnapshot } from './read/jobReader.ts';
import type { LogPrefix } from './expiry/logPrefix.ts';
import { LogFollower } from './read/follow/logFollower.ts';
import type { LogMessages } from './read/directReader.ts';
import { nextEntries } from './read/nextEntries.ts';
import type { LogStorage } from './storage/logStorage.ts';
import { whyRefused } from './storage/whyRefused.ts';
import type { LogStats } from './queue/logStats.ts';
import { openQueue } from './openQueue.ts';
import { silentSink, type LogSink } from './connection/logSink.ts';
import type { ScheduleLog } from './schedules/scheduleLog.ts';
import { ServerClock } from './connection/serverClock.ts';
import type { Wake } from './timers/timerScheduler.ts';
import type { UniqueClaims } from './unique/uniqueClaims.ts';

const FINISH_MS = 700;

/**
 * The event log on NATS JetStream, and the only access to it: append, read, follow, and take deliveries.
 *
 *     const log = new EventLog({ url: 'nats://127.0.0.1:4222', name: 'api' });
 *     await log.start();
 *     const sequence = await log.append(jobCreated, 0);
 *     await log.append(jobCancelled, sequence);
 *
 * Every method throws or rejects with LogUnavailableError while the log is not started or does not answer.
 */
export class EventLog {
  readonly name = 'event log';
  /** The clock of the server, which alone decides what is due. */
  readonly clock: ServerClock;
  /** The newest event of a job that was appended or read here. */
  readonly reached = new ReachedPosition();
  readonly #options: EventLogOptions;
  readonly #sink: LogSink;
  readonly #queues = new Set<JobQueue>();
  #parts: EventLogParts | undefined;

  constructor(options: EventLogOptions) {
    this.#options = options;
    this.#sink = options.logger ?? silentSink;
    this.clock = new ServerClock({ askServer: () => serverTime(this.#started().connection), sink: this.#sink });
  }

  /**
   * Connects, checks the server's version, creates the streams or checks their settings, and measures the server's clock.
   *
   * @throws UnsupportedServerError
   * @throws StreamMismatchError
   */
  async start(): Promise<void> {
    const connection = await Connection.open(this.#options);
    try {
      const parts = await buildParts(connection, { ...this.#options, reached: this.reached }, this.#sink, this.clock);
      this.#parts = parts;
      connection.onReconnected(() => this.clock.doubt());
      await this.clock.start();
      if (this.#options.managesConsumers) serveConsumers(parts, this.#sink);
    } catch (error) {
      this.#parts = undefined;
      await connection.close();
      if (error instanceof StreamMismatchError || error instanceof LogUnavailableError) throw error;
      throw new LogUnavailableError('the streams could not be set up', { cause: error });
    }
  }

  /**
   * Stops the queues, waits until every append has its outcome, and closes the connection. Waits about a second for a
   * server that does not answer; the outcome of its pending appends is then unknown.
   */
  async stop(): Promise<void> {
    const parts = this.#parts;
    this.#parts = undefined;
    this.clock.stop();
    if (parts === undefined) return;
    if (!(await within(FINISH_MS, finishParts(parts, this.#queues))))
      this.#sink.warn({}, 'stopped with appends or deliveries still pending');
    parts.publisher.stop();
    await parts.connection.close();
  }

  /** Whether what it has kept for long enough is gone, so that it takes a job of then for a new one. */
  get expiresPermanently(): boolean {
    const { maxAgeMs = 0, archive } = this.#options;
    return maxAgeMs > 0 && archive === undefined;
  }

  isConnected(): boolean {
    return this.#parts?.connection.isConnected() ?? false;
  }

  /** Whether appends can be expected to succeed: connected, and the last appends were answered. */
  isWritable(): boolean {
    return this.isConnected() && this.#parts?.writeHealth.isWritable() === true;
  }

  /** Asks the servers as well: resolves to true, or to why appends cannot be expected to succeed. Takes at most a second. */
  async checkWritable(): Promise<true | string> {
    const parts = this.#parts;
    if (parts === undefined || !this.isConnected()) return 'no connection to NATS';
    const closed = await parts.storage.whyClosed();
    return closed ?? (this.isWritable() || whyRefused(parts.manager));
  }

  /** Knows what the servers store, and how much they may. */
  get storage(): LogStorage {
    return this.#started().storage;
  }

  /**
   * Appends `event` if the job's last event is still the one at `expectedSequence`, 0 for a new job. Use it for every
   * change of a job's state; concurrent appends share one fsync. With a claim, its unique key is claimed as well, or neither is
   * stored.
   *
   * @returns the event's stream sequence.
   * @throws ConcurrentAppendError when the job has another last event, or the key another last claim.
   * @throws LogUnavailableError after `deadlineMs`, when the outcome could not be settled.
   * @throws LogOverloadedError, EventTooLargeError when nothing was sent.
   */
  append(event: JobEvent, expectedSequence: number, claim?: Claim): Promise<number> {
    const parts = this.#parts;
    if (parts === undefined) return Promise.reject(notStarted());
    const traceparent = this.#options.traceparent?.();
    if (claim !== undefined) return appendTogether([{ event, expected: expectedSequence, claim }], parts, traceparent);
    const append = (stored: JobEvent) => parts.appender.append(jobAppendRequest(stored, traceparent), expectedSequence);
    const stored = prepare(event, parts);
    return stored instanceof Promise ? stored.then(append) : append(stored);
  }

  /**
   * Appends the first events of different new jobs, all or none: up to 1,000 messages with the claims that some of them have, by
   * the ids of the jobs.
   *
   * @returns the sequence of the first; without claims the others follow it without a gap.
   * @throws the errors of `append`; ConcurrentAppendError when one of the jobs exists, or a key has another last claim.
   */
  async appendAll(events: readonly JobEvent[], claims?: ReadonlyMap<string, Claim>): Promise<number> {
    const members = events.map((event) => ({ event, expected: 0, claim: claims?.get(event.jobId) }));
    return appendTogether(members, this.#started(), this.#options.traceparent?.());
  }

  /** Returns the job's state, undefined if there is no such job; a little faster with its type. Throws JobUnreadableError. */
  async readJob(jobId: string, jobType?: string): Promise<JobSnapshot | undefined> {
    const { reader, contents } = this.#started();
    const snapshot = await reader.job(jobId, jobType);
    this.reached.note(snapshot?.sequence ?? 0);
    if (snapshot === undefined) return undefined;
    const job = await contents.openJob(snapshot.job);
    return { ...snapshot, job, ...(await contents.openEntries(jobId, snapshot)) };
  }

  /** Returns all events of a job, oldest first; empty if there is no such job. */
  async readHistory(jobId: string): Promise<readonly RecordedEvent[]> {
    return (await this.readWholeHistory(jobId)).filter(isReadableRecord);
  }

  /** As `readHistory`, with those that only a newer release can read, for whoever folds them. */
  async readWholeHistory(jobId: string): Promise<readonly RecordedEvent<LoggedEvent>[]> {
    return this.#started().contents.openEvents(await this.readStoredHistory(jobId));
  }

  /** As `readWholeHistory`, with contents as they are stored. */
  async readStoredHistory(jobId: string): Promise<readonly RecordedEvent<LoggedEvent>[]> {
    return this.#started().reader.history(jobId);
  }

  /** Returns the sequence of the newest message, 0 for an empty log. */
  async lastSequence(): Promise<number> {
    return (await this.#started().messages.span()).last;
  }

  /**
   * Follows the log from the message after sequence `after`, beginning in its archive if the log no longer has it. With
   * `traces`, events have their trace context; with `links`, they say whether they are `linked`. Contents stay as they are
   * stored: open them with `contents`.
   */
  follow({ after, ...fields }: { after: number } & HeaderFields): EventFeed {
    const { connection, manager, expired, createsConsumers } = this.#started();
    const common = { connection, manager, ...fields, reserved: !createsConsumers, sink: this.#sink };
    const options = { ...common, endsAtGap: expired !== undefined };
    const follow = (from: number) => new LogFollower({ ...options, after: from });
    return expired === undefined ? follow(after) : new ArchivedFeed({ ...fields, after, expired, follow });
  }

  /** Reads up to `count` messages after a sequence, as `follow` yields them; none at the end of the log. */
  readNext(after: number, count: number): Promise<readonly LogEntry[]> {
    return nextEntries(this.#started(), { after, count });
  }

  /** Schedules a delivery of the job at the instant `at` or soon after; replaces an earlier one. */
  scheduleWake(wake: Wake): Promise<void> {
    return this.#started().timers.schedule(wake, this.#options.traceparent?.());
  }

  /** Delivers the job at once, as a timer for the instant `at` would; the one that is set stays. */
  wakeNow(wake: Wake): Promise<void> {
    return this.#started().timers.fire(wake, this.#options.traceparent?.());
  }

  /**
   * Calls back with the id of each job of these types for which a cancellation was published; returns a function that
   * ends this. A hint: the log may have refused the cancellation, or may show it only a moment later.
   */
  subscribeToCancellations(jobTypes: readonly string[], onHint: (jobId: string) => void): () => void {
    return subscribeToCancellations(this.#started().connection.nats, jobTypes, onHint);
  }

  /** Calls back whenever the connection is restored after a loss; returns a function that ends this. */
  onReconnected(callback: () => void): () => void {
    return this.#started().connection.onReconnected(callback);
  }

  /** Decrypts and shreds the contents of events and jobs, e.g. of those returned by `follow` or a read model. */
  get contents(): ContentSealer {
    return this.#started().contents;
  }

  /** Reads the log as stored messages, e.g. for an archive. */
  get messages(): LogMessages {
    return this.#started().messages;
  }

  /** The beginning of the log, for its keeper. */
  get prefix(): LogPrefix {
    return this.#started().prefix;
  }

  /** Creates the consumers of job types and restores them, in the process that does so. */
  get consumers(): ConsumerManager {
    return this.#started().consumers;
  }

  /** Pauses, resumes and lists job types. */
  get jobTypes(): JobTypeControl {
    return this.#started().jobTypes;
  }

  /** Makes sure that workers get jobs of high or low priority, before a timer calls for one; appends do so themselves. */
  get lanes(): Lanes {
    return this.#started().lanes;
  }

  /** Counts pending jobs and measures lags. */
  get stats(): LogStats {
    return this.#started().stats;
  }

  /** Announces workers and their job types, and knows those of all workers. */
  get announcements(): Announcements {
    return this.#started().announcements;
  }

  /** Stores and reads the log lines of attempts. */
  get attemptLogs(): AttemptLogs {
    return this.#started().attemptLogs;
  }

  /** Makes unique keys, and knows which job holds one. */
  get unique(): UniqueClaims {
    return this.#started().unique;
  }

  /** Appends and reads recurring schedules, and sets their triggers. */
  get schedules(): ScheduleLog {
    return this.#started().schedules;
  }

  /** Starts taking deliveries of a job type: jobs that are created, requeued, or due. */
  async openQueue(options: JobQueueOptions): Promise<OpenQueue> {
    const { clock } = this;
    return openQueue({ ...options, clock }, this.#started(), { sink: this.#sink, queues: this.#queues });
  }

  #started(): EventLogParts {
    if (this.#parts === undefined) throw notStarted();
    return this.#parts;
  }
}
