import type { Connection } from '../connection/connection.ts';
import { batchId, expectationHeaders } from '../connection/headers.ts';
import { LinkedSet } from '../connection/linkedSet.ts';
import type { BatchPublisher, PublishOutcome } from '../connection/publisher.ts';
import { isConflict, isWithoutResponders } from '../connection/serverErrors.ts';
import { Sweeper } from '../connection/sweeper.ts';
import { LogUnavailableError } from '../errors.ts';
import { assertFits, type AppendLimiter } from './appendLimiter.ts';
import type { AppendRequest } from './appendRequest.ts';
import { AppendSettler, conflictOf } from './appendSettler.ts';
import { BatchThreshold } from './batchThreshold.ts';
import { outcomeOfError, type LogObserver } from './logObserver.ts';
import { publishBatch } from './publishBatch.ts';
import { QueuedAppend, type OnSettled } from './queuedAppend.ts';
import type { ReachedPosition } from './reachedPosition.ts';

export interface AppenderOptions {
  readonly groupCommit: boolean;
  readonly deadlineMs: number;
  readonly limiter: AppendLimiter;
  readonly observer?: LogObserver | undefined;
  readonly reached?: ReachedPosition | undefined;
}

/** Never empty: the server would wait for ever for the end of an empty batch, and we for its acknowledgement. */
type Batch = [QueuedAppend, ...QueuedAppend[]];

/** The server's limit is 1,000; from about 500 on larger batches are no faster. */
const MAX_BATCH = 500;
const MAX_BATCH_BYTES = 4_000_000;
/**
 * While the server commits one, another is on the wire and a third is filled; the server allows 50 open ones for all
 * writers together.
 */
const MAX_OPEN_BATCHES = 3;
/** With group commit few singles are in flight: each is a sync. */
const MAX_SINGLES_WITH_GROUP_COMMIT = 8;
const MAX_SINGLES = 4_000;

/**
 * Appends events, each with its expectation. With group commit, appends that are pending together are committed as one
 * atomic batch, which a server that syncs every write syncs once; a lone append is sent at once, unless others are under way. Only stored events are
 * acknowledged: the AppendSettler finds out unknown outcomes by reading the log.
 */
export class Appender {
  readonly #connection: Connection;
  readonly #publisher: BatchPublisher;
  readonly #settler: AppendSettler<QueuedAppend>;
  readonly #options: AppenderOptions;
  readonly #sweeper = new Sweeper(() => this.#sweep());
  /**
   * Halves of refused batches, sent before the others. Were all of them sent as singles, one conflict would cost a sync for
   * each append of a batch, the queue would grow meanwhile, and its larger batches would be refused more often.
   */
  readonly #halves: QueuedAppend[][] = [];
  /** What is left of refused batches and too little for one: sent as single publishes, before the others. */
  #retries: QueuedAppend[] = [];
  #queue: QueuedAppend[] = [];
  #singlesInFlight = 0;
  #openBatches = 0;
  readonly #threshold = new BatchThreshold();
  /** All of them, in the order of their deadlines. */
  readonly #unsettled = new LinkedSet<QueuedAppend>();
  #flushScheduled = false;
  #onIdle: (() => void) | undefined;

  constructor(connection: Connection, publisher: BatchPublisher, options: AppenderOptions) {
    this.#connection = connection;
    this.#publisher = publisher;
    this.#options = options;
    this.#settler = new AppendSettler(connection, (append) => this.#resend(append));
    connection.onReconnected(() => this.#scheduleFlush());
  }

  /**
   * Stores the event if its owner's last sequence is still `expected`, and resolves to the event's own sequence. Rejects
   * with ConcurrentAppendError, LogUnavailableError, LogOverloadedError or EventTooLargeError.
   */
  append(request: AppendRequest, expected: number): Promise<number> {
    const body = Buffer.from(request.text);
    try {
      assertFits(body, this.#connection.nats.info?.max_payload);
      this.#options.limiter.acquire(1, body.length);
    } catch (error) {
      this.#options.observer?.appended(outcomeOfError(error), 0);
      return Promise.reject(error);
    }
    const deadline = performance.now() + this.#options.deadlineMs;
    return new Promise((resolve, reject) => {
      const options = { request, body, expected, deadline, onSettled: this.#onSettled, resolve, reject };
      const append = new QueuedAppend(options, this.#unsettled);
      this.#queue.push(append);
      this.#sweeper.start();
      if (this.#queue.length >= MAX_BATCH && this.#batchStart() !== undefined) this.#flush();
      else this.#scheduleFlush();
    });
  }

  /** Waits until every append has its outcome; each has a deadline, so this ends. */
  async stop(): Promise<void> {
    if (this.#unsettled.size > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  /** An append may get its outcome after its deadline: that tells where the log ends, and nothing else. */
  readonly #onSettled: OnSettled = (append, outcome, sequence = 0) => {
    const { observer, reached, deadlineMs, limiter } = this.#options;
    if (append.request.kind === 'job') reached?.note(sequence);
    if (!this.#unsettled.remove(append.place)) return false;
    limiter.release(1, append.body.length);
    observer?.appended(outcome, performance.now() - append.deadline + deadlineMs);
    if (this.#unsettled.size === 0) this.#onEmpty();
    return true;
  };

  #onEmpty(): void {
    this.#sweeper.stop();
    this.#onIdle?.();
  }

  /** Gathers the appends of this turn of the event loop before sending any, unless they fill a batch. */
  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    this.#connection.turnEnd.run(this.#flushNow);
  }

  readonly #flushNow = () => {
    this.#flushScheduled = false;
    this.#flush();
  };

  #flush(): void {
    if (!this.#connection.isConnected()) return;
    this.#sendSingles(this.#retries);
    this.#commitHalves();
    for (let first = this.#batchStart(); first !== undefined; first = this.#batchStart()) {
      this.#commitBatch(this.#takeBatch(first));
    }
    if (!this.#gathers()) this.#sendSingles(this.#queue);
  }

  /**
   * Whether what is queued waits for more, to share its sync: the server syncs one write after the other, so what is sent beside
   * another is stored no sooner, and makes all that follows later.
   */
  #gathers(): boolean {
    if (!this.#options.groupCommit) return false;
    return this.#openBatches + this.#singlesInFlight > 0 || this.#queue.length >= this.#threshold.least;
  }

  #commitHalves(): void {
    while (this.#openBatches < MAX_OPEN_BATCHES) {
      const half = this.#halves.shift();
      if (half === undefined) return;
      const [first, ...others] = half.filter(({ isSettled }) => !isSettled);
      if (first !== undefined) this.#commitBatch([first, ...others]);
    }
  }

  /** Returns the oldest queued append if a batch that begins with it is due. */
  #batchStart(): QueuedAppend | undefined {
    if (!this.#options.groupCommit || this.#openBatches >= MAX_OPEN_BATCHES) return undefined;
    return this.#queue.length >= this.#threshold.least ? this.#queue[0] : undefined;
  }

  #sendSingles(queue: QueuedAppend[]): void {
    const limit = this.#options.groupCommit ? MAX_SINGLES_WITH_GROUP_COMMIT : MAX_SINGLES;
    for (const append of queue.splice(0, limit - this.#singlesInFlight)) this.#sendSingle(append);
  }

  #sendSingle(append: QueuedAppend): void {
    this.#singlesInFlight++;
    const { request, body } = append;
    const headers = expectationHeaders(append.expected, request);
    this.#publisher.publish(request.subject, body, headers, (outcome) => {
      this.#singlesInFlight--;
      this.#conclude(append, outcome);
      this.#scheduleFlush();
    });
  }

  /** Takes the oldest queued appends, at most one of each owner: the server refuses a batch that writes one twice. */
  #takeBatch(first: QueuedAppend): Batch {
    const batch: Batch = [first];
    const later: QueuedAppend[] = [];
    const owners = new Set<string>().add(first.request.owner);
    let bytes = first.body.length;
    let taken = 1;
    while (batch.length < MAX_BATCH) {
      const append = this.#queue[taken];
      bytes += append?.body.length ?? 0;
      if (append === undefined || bytes > MAX_BATCH_BYTES) break;
      taken++;
      const { owner } = append.request;
      if (owners.has(owner)) later.push(append);
      else batch.push(append);
      owners.add(owner);
    }
    this.#queue = [...later, ...this.#queue.slice(taken)];
    return batch;
  }

  #commitBatch(batch: Readonly<Batch>): void {
    const sentAt = this.#openBatches + this.#singlesInFlight === 0 ? performance.now() : undefined;
    this.#openBatches++;
    this.#options.observer?.batchSent(batch.length);
    publishBatch(this.#publisher, { id: batchId(), members: batch }, (outcome) => {
      if (sentAt !== undefined) this.#threshold.acknowledged(batch.length, performance.now() - sentAt);
      this.#onBatch(batch, outcome);
    });
  }

  /** A batch is stored whole and without gaps, so the acknowledged sequence is that of its last event. */
  #onBatch(batch: Readonly<Batch>, outcome: PublishOutcome): void {
    this.#openBatches--;
    if (outcome.kind === 'stored') {
      const first = outcome.sequence - batch.length + 1;
      for (const [index, append] of batch.entries()) append.resolve(first + index);
    } else if (outcome.kind === 'refused') {
      this.#divide(batch);
    } else {
      for (const append of batch) this.#settler.settle(append);
    }
    this.#scheduleFlush();
  }

  /** Refused for one of its appends at least, which halving finds with few syncs. */
  #divide(batch: Readonly<Batch>): void {
    const middle = Math.ceil(batch.length / 2);
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      if (half.length < this.#threshold.least) this.#retries.push(...half);
      else this.#halves.push(half);
    }
  }

  #conclude(append: QueuedAppend, outcome: PublishOutcome): void {
    if (outcome.kind === 'stored') append.resolve(outcome.sequence);
    else if (outcome.kind === 'unknown') this.#settler.settle(append);
    else if (isConflict(outcome.code)) this.#onConflict(append);
    else if (isWithoutResponders(outcome.code)) this.#settler.settle(append);
    else append.reject(new LogUnavailableError(`${outcome.description} (${outcome.code})`));
  }

  #onConflict(append: QueuedAppend): void {
    if (append.uncertain) this.#settler.settle(append);
    else append.reject(conflictOf(append));
  }

  #resend(append: QueuedAppend): void {
    if (append.isSettled) return;
    this.#queue.unshift(append);
    this.#scheduleFlush();
  }

  /** What waits for an answer that was lost is sent without it. */
  #sweep(): void {
    this.#expire();
    if (this.#connection.isConnected() && this.#queue.length < this.#threshold.least) this.#sendSingles(this.#queue);
  }

  #expire(): void {
    const now = performance.now();
    this.#queue = this.#rejectExpired(this.#queue, now);
    this.#retries = this.#rejectExpired(this.#retries, now);
    for (const append of this.#unsettled) {
      if (append.deadline > now) return;
      append.reject(new LogUnavailableError('no answer in time: the outcome of an append is unknown'));
    }
  }

  #rejectExpired(queue: QueuedAppend[], now: number): QueuedAppend[] {
    if (queue.every((append) => append.deadline > now)) return queue;
    const expired = queue.filter((append) => append.deadline <= now);
    for (const append of expired) append.reject(new LogUnavailableError('the append could not be sent in time'));
    return queue.filter((append) => append.deadline > now);
  }
}
