import type { JobEvent, LoggedEvent } from '@jobstream/domain';
import type { Claim } from '../append/appendRequest.ts';
import { ContentSealer } from '../sealing/contentSealer.ts';
import { notStarted } from '../errors.ts';
import type { JobQueueOptions, OpenQueue } from '../queue/jobQueueOptions.ts';
import { JobReader, type JobSnapshot } from '../read/jobReader.ts';
import { isReadableRecord, type EventFeed, type RecordedEvent } from '../read/logEntry.ts';
import type { Wake } from '../timers/timerScheduler.ts';
import { MemoryFeed } from './memoryFeed.ts';
import { MemoryQueue } from './memoryQueue.ts';
import type { MemoryServer } from './memoryServer.ts';

/** Reads in memory are answered at once. */
const DEADLINE_MS = 1_000;

/**
 * The event log of one process in memory: what EventLog is on NATS, with the same methods as far as workers and tests need
 * them. Contents are stored in clear.
 */
export class MemoryEventLog {
  readonly contents = new ContentSealer(undefined);
  readonly #server: MemoryServer;
  readonly #reader: JobReader;
  readonly #traceparent: () => string | undefined;
  readonly #queues = new Set<MemoryQueue>();
  readonly #feeds = new Set<MemoryFeed>();
  readonly #subscriptions = new Set<() => void>();
  #isStopped = false;

  constructor(
    server: MemoryServer,
    { traceparent = () => undefined }: { traceparent?: () => string | undefined } = {},
  ) {
    this.#server = server;
    this.#reader = new JobReader({ direct: server.stream, deadlineMs: DEADLINE_MS });
    this.#traceparent = traceparent;
  }

  /** The deliveries that this process works on. */
  get working(): readonly Promise<void>[] {
    return [...this.#queues].flatMap((queue) => queue.working);
  }

  /** As `EventLog.append`, but nothing is ever unknown. */
  async append(event: JobEvent, expectedSequence: number, claim?: Claim): Promise<number> {
    this.#assertStarted();
    return this.#server.append([{ event, expected: expectedSequence, claim }], this.#traceparent());
  }

  async appendAll(events: readonly JobEvent[], claims?: ReadonlyMap<string, Claim>): Promise<number> {
    this.#assertStarted();
    const members = events.map((event) => ({ event, expected: 0, claim: claims?.get(event.jobId) }));
    return this.#server.append(members, this.#traceparent());
  }

  async readJob(jobId: string, jobType?: string): Promise<JobSnapshot | undefined> {
    this.#assertStarted();
    return this.#reader.job(jobId, jobType);
  }

  async readHistory(jobId: string): Promise<readonly RecordedEvent[]> {
    return (await this.readWholeHistory(jobId)).filter(isReadableRecord);
  }

  async readWholeHistory(jobId: string): Promise<readonly RecordedEvent<LoggedEvent>[]> {
    this.#assertStarted();
    return this.#reader.history(jobId);
  }

  async lastSequence(): Promise<number> {
    this.#assertStarted();
    return this.#server.stream.lastSequence;
  }

  follow({ after }: { after: number }): EventFeed {
    this.#assertStarted();
    const feed = new MemoryFeed(this.#server, after);
    this.#feeds.add(feed);
    return feed;
  }

  async scheduleWake(wake: Wake): Promise<void> {
    this.#assertStarted();
    this.#server.scheduleWake(wake, this.#traceparent());
  }

  async wakeNow(wake: Wake): Promise<void> {
    this.#assertStarted();
    this.#server.wakeNow(wake, this.#traceparent());
  }

  async openQueue(options: JobQueueOptions): Promise<OpenQueue> {
    this.#assertStarted();
    const consumer = this.#server.consumer(options.jobType);
    const queue = new MemoryQueue(consumer, this.#server.clock, options);
    this.#queues.add(queue);
    consumer.subscribe(queue);
    return queue;
  }

  subscribeToCancellations(jobTypes: readonly string[], onHint: (jobId: string) => void): () => void {
    this.#assertStarted();
    const unsubscribe = this.#server.onStored(({ event, jobType, jobId }) => {
      if (event === 'JobCancelled' && jobTypes.includes(jobType)) onHint(jobId);
    });
    this.#subscriptions.add(unsubscribe);
    return unsubscribe;
  }

  /** Never calls back: this connection is not lost. */
  onReconnected(_callback: () => void): () => void {
    return () => undefined;
  }

  /** Ends what was opened. What its queues hold is delivered again after their ack wait, unless they were stopped before. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const queue of this.#queues) queue.disconnect();
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    await Promise.all([...this.#feeds].map((feed) => feed.stop()));
  }

  #assertStarted(): void {
    if (this.#isStopped) throw notStarted();
  }
}
