import type { JobEvent } from '@jobstream/domain';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { appendableOfJob } from './appendable.ts';
import { Appender } from './appender.ts';
import { BatchAppender } from './batchAppender.ts';
import { Connection } from './connection.ts';
import { LogUnavailableError, StreamMismatchError } from './errors.ts';
import type { EventFeed } from './eventFeed.ts';
import type { EventLogOptions } from './eventLogOptions.ts';
import { DirectReader } from './directReader.ts';
import { hearCancelled } from './hearCancelled.ts';
import { JobQueue, type JobQueueOptions } from './jobQueue.ts';
import { JobReader } from './jobReader.ts';
import { JobTypeControl } from './jobTypeControl.ts';
import type { JobSnapshot } from './jobSnapshot.ts';
import { LeaderReader } from './leaderReader.ts';
import { LogFollower } from './logFollower.ts';
import { LogMeter } from './logMeter.ts';
import { silentSink, type LogSink } from './logSink.ts';
import { Publisher } from './publisher.ts';
import type { RecordedEvent } from './recordedEvent.ts';
import { ScheduleLog } from './scheduleLog.ts';
import { ensureStream, JOBS_STREAM, streamSettings } from './streams.ts';
import { WakeScheduler, type Wake } from './wakeScheduler.ts';
import { within } from './within.ts';
import { WriteHealth } from './writeHealth.ts';
import { ensureWorkConsumers } from './workConsumers.ts';

const DEADLINE_MS = 4_000;
const MAX_WAITING = 20_000;
const FINISH_MS = 700;
/** Part of the deadline after which a single publish counts as unanswered, so that there is time to look and try again. */
const PUBLISH_TIMEOUT_SHARE = 0.4;
/** Long enough not to let every request wait for the deadline, short enough for an outage that ends by itself. */
const DOUBT_MS = 15_000;

interface Parts {
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  readonly publisher: Publisher;
  readonly appender: Appender;
  readonly batches: BatchAppender;
  readonly reader: JobReader;
  readonly wakes: WakeScheduler;
  readonly schedules: ScheduleLog;
  readonly jobTypes: JobTypeControl;
  readonly meter: LogMeter;
  readonly writeHealth: WriteHealth;
}

/** The event log on NATS JetStream: the only door to it. */
export class EventLog {
  readonly name = 'event log';
  readonly #options: EventLogOptions;
  readonly #sink: LogSink;
  readonly #queues = new Set<JobQueue>();
  #parts: Parts | undefined;

  constructor(options: EventLogOptions) {
    this.#options = options;
    this.#sink = options.logger ?? silentSink;
  }

  /**
   * Connects, checks the server's version, creates the streams or checks their settings: UnsupportedServerError,
   * StreamMismatchError, LogUnavailableError.
   */
  async start(): Promise<void> {
    const connection = await Connection.open(this.#options);
    try {
      this.#parts = await this.#build(connection);
    } catch (error) {
      await connection.close();
      if (error instanceof StreamMismatchError || error instanceof LogUnavailableError) throw error;
      throw new LogUnavailableError('the streams could not be set up', { cause: error });
    }
  }

  /**
   * Ends the queues, waits until every append has its outcome, and closes the connection. A server that does not answer
   * holds this up for a second; appends that wait then have an unknown outcome.
   */
  async stop(): Promise<void> {
    const parts = this.#parts;
    this.#parts = undefined;
    if (parts === undefined) return;
    if (!(await within(FINISH_MS, this.#finish(parts))))
      this.#sink.warn({}, 'stopped before everything had its outcome');
    parts.publisher.stop();
    await parts.connection.close();
  }

  async #finish({ schedules, appender, batches }: Parts): Promise<void> {
    await Promise.all([...this.#queues].map((queue) => queue.stop()));
    await schedules.stop();
    await Promise.all([appender.stop(), batches.stop()]);
  }

  isConnected(): boolean {
    return this.#parts?.connection.isConnected() ?? false;
  }

  /** Whether appends can be expected to succeed: it is connected, and the last appends tell nothing else. */
  takesWrites(): boolean {
    return this.isConnected() && this.#parts?.writeHealth.takesWrites() === true;
  }

  /**
   * Appends one event to its job and returns its sequence. `expectedSequence` is that of the job's previous event, 0 for
   * a new job. ConcurrentAppendError, LogUnavailableError, LogOverloadedError, EventTooLargeError.
   */
  append(event: JobEvent, expectedSequence: number): Promise<number> {
    return this.#started().appender.append(appendableOfJob(event, this.#options.traceparent?.()), expectedSequence);
  }

  /**
   * Appends the first events of up to 1,000 different new jobs, all or none, and returns the sequence of the first; the
   * others follow it without a gap. ConcurrentAppendError (one of the jobs exists), LogUnavailableError,
   * LogOverloadedError, EventTooLargeError.
   */
  appendAll(events: readonly JobEvent[]): Promise<number> {
    const traceparent = this.#options.traceparent?.();
    return this.#started().batches.append(events.map((event) => appendableOfJob(event, traceparent)));
  }

  /** The job's state, or undefined if there is no such job; knowing its type makes it a little faster. */
  readJob(jobId: string, jobType?: string): Promise<JobSnapshot | undefined> {
    return this.#started().reader.job(jobId, jobType);
  }

  /** All events of a job, oldest first; empty if there is no such job. */
  readHistory(jobId: string): Promise<readonly RecordedEvent[]> {
    return this.#started().reader.history(jobId);
  }

  /** The sequence of the newest message, 0 for an empty log. */
  async lastSequence(): Promise<number> {
    const { manager } = this.#started();
    try {
      return (await manager.streams.info(JOBS_STREAM)).state.last_seq;
    } catch (error) {
      throw new LogUnavailableError('its last sequence could not be read', { cause: error });
    }
  }

  /** Follows the log from the message after sequence `after`; with `traces`, events bring the trace that they belong to. */
  follow({ after, traces = false }: { after: number; traces?: boolean }): EventFeed {
    const { connection, manager } = this.#started();
    return new LogFollower({ connection, manager, after, traces, sink: this.#sink });
  }

  /** Asks for a delivery of the job at the instant `at` or soon after; asking again replaces the earlier wish. */
  scheduleWake(wake: Wake): Promise<void> {
    return this.#started().wakes.schedule(wake, this.#options.traceparent?.());
  }

  /**
   * Calls back with the id of each job of these types that somebody seems to have cancelled; returns how to stop that.
   * A hint: the log may have refused it, or may show it only a moment later.
   */
  onCancelled(jobTypes: readonly string[], onHint: (jobId: string) => void): () => void {
    return hearCancelled(this.#started().connection.nats, jobTypes, onHint);
  }

  /** Calls back whenever the connection is back after a loss; returns how to stop that. */
  onReconnected(callback: () => void): () => void {
    return this.#started().connection.onRegained(callback);
  }

  /** Pausing, resuming and listing job types. */
  get jobTypes(): JobTypeControl {
    return this.#started().jobTypes;
  }

  /** Figures about what waits in the log. */
  get meter(): LogMeter {
    return this.#started().meter;
  }

  /** Recurring schedules and their alarms. */
  get schedules(): ScheduleLog {
    return this.#started().schedules;
  }

  /** Starts taking deliveries of a job type: jobs created, requeued, and due. */
  async openQueue(options: JobQueueOptions): Promise<JobQueue> {
    const { manager, connection } = this.#started();
    const { jobType, ackWaitMs, concurrency, rate } = options;
    await ensureWorkConsumers(manager, { jobType, ackWaitMs, limits: { concurrency, rate } });
    const queue = new JobQueue(connection, options, this.#sink);
    this.#queues.add(queue);
    queue.start();
    return queue;
  }

  async #build(connection: Connection): Promise<Parts> {
    const { replicas = 1, maxAgeMs = 0, groupCommit = true } = this.#options;
    const { deadlineMs = DEADLINE_MS, maxWaiting = MAX_WAITING } = this.#options;
    const writeHealth = new WriteHealth(connection, { observer: this.#options.observer, doubtMs: DOUBT_MS });
    const manager = await jetstreamManager(connection.nats, { checkAPI: false, timeout: DEADLINE_MS });
    for (const settings of streamSettings({ replicas, maxAgeMs })) await ensureStream(manager, settings);
    const publisher = new Publisher(connection, deadlineMs * PUBLISH_TIMEOUT_SHARE);
    const appender = new Appender(connection, publisher, {
      groupCommit,
      deadlineMs,
      maxWaiting,
      observer: writeHealth,
    });
    const core = { connection, manager, publisher, appender };
    return {
      ...core,
      writeHealth,
      batches: new BatchAppender(connection, publisher, { deadlineMs, maxWaiting, observer: writeHealth }),
      reader: new JobReader({
        direct: new DirectReader(connection, deadlineMs),
        leader: replicas > 1 ? new LeaderReader(connection) : undefined,
        deadlineMs,
      }),
      wakes: new WakeScheduler(publisher, deadlineMs),
      schedules: new ScheduleLog({ ...core, deadlineMs, replicated: replicas > 1, sink: this.#sink }),
      jobTypes: new JobTypeControl(manager),
      meter: new LogMeter(manager, new DirectReader(connection, deadlineMs)),
    };
  }

  #started(): Parts {
    if (this.#parts === undefined) throw new LogUnavailableError('it is not started');
    return this.#parts;
  }
}
