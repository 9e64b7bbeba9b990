import type { AppendRequest } from './appendRequest.ts';
import { appendOutcome } from './logObserver.ts';
import type { AppendLimiter } from './appendLimiter.ts';
import { assertFits } from './appendLimiter.ts';
import { AppendSettler } from './appendSettler.ts';
import { BatchThreshold } from './batchThreshold.ts';
import type { Connection } from '../connection/connection.ts';
import { LogUnavailableError } from '../errors.ts';
import { batchHeaders, batchId, expectationHeaders } from '../connection/headers.ts';
import { isConflict, isWithoutResponders } from '../connection/serverErrors.ts';
import { LinkedSet, type Place } from '../connection/linkedSet.ts';
import type { AppendOutcome, LogObserver } from './logObserver.ts';
import { movedOn, type PendingAppend } from './appendRequest.ts';
import type { Publisher, PublishOutcome } from '../connection/publisher.ts';

export interface AppenderOptions {
  readonly groupCommit: boolean;
  readonly deadlineMs: number;
  readonly limiter: AppendLimiter;
  readonly observer?: LogObserver | undefined;
}

/** The server takes 1,000; from about 500 on nothing is gained. */
const BATCH_MAX = 500;
const BATCH_MAX_BYTES = 4_000_000;
/** While the server commits one, another is on its way and a third is made; it allows 50 open ones for all writers together. */
const BATCHES_OPEN = 3;
/** With group commit few singles fly at once, so that what arrives meanwhile gathers into a batch. */
const SINGLES_WITH_GROUP_COMMIT = 8;
const SINGLES_WITHOUT = 4_000;
const SWEEP_MS = 100;

/**
 * Appends events, each with its expectation. Appends that wait together are committed as one atomic batch, which a
 * server that syncs every write syncs once; a lone append goes out at once. Nothing is ever acknowledged on hope: an
 * unknown outcome goes to the AppendSettler, which looks into the log.
 */
export class Appender {
  readonly #connection: Connection;
  readonly #publisher: Publisher;
  readonly #settler: AppendSettler;
  readonly #options: AppenderOptions;
  readonly #sweeper: NodeJS.Timeout;
  /** Appends that were part of a refused batch or settled as absent: sent one by one, before the others. */
  #singlesFirst: PendingAppend[] = [];
  #waiting: PendingAppend[] = [];
  #singlesInFlight = 0;
  #batchesOpen = 0;
  /** With group commit: fewer waiting appends are cheaper as single publishes. */
  readonly #threshold = new BatchThreshold();
  /** In the order of their deadlines, wherever they are. */
  readonly #unsettled = new LinkedSet<PendingAppend>();
  #flushScheduled = false;
  #onIdle: (() => void) | undefined;

  constructor(connection: Connection, publisher: Publisher, options: AppenderOptions) {
    this.#connection = connection;
    this.#publisher = publisher;
    this.#options = options;
    this.#settler = new AppendSettler(connection, { resend: (append) => this.#resend(append) });
    this.#sweeper = setInterval(() => this.#expire(), SWEEP_MS);
    connection.onReconnected(() => this.#scheduleFlush());
  }

  /** Stores the event if its owner's last sequence is still `expected`; resolves to the event's own sequence. */
  append(
    { text, eventId, kind, owner, subject, filter, traceparent }: AppendRequest,
    expected: number,
  ): Promise<number> {
    const body = Buffer.from(text);
    try {
      this.#enter(body);
    } catch (error) {
      this.#options.observer?.appended(appendOutcome(error), 0);
      return Promise.reject(error);
    }
    const deadline = performance.now() + this.#options.deadlineMs;
    return new Promise((resolve, reject) => {
      const append: PendingAppend = {
        eventId,
        kind,
        owner,
        subject,
        filter,
        traceparent,
        body,
        expected,
        deadline,
        resolve: (sequence) => {
          if (this.#settled(place, 'stored')) resolve(sequence);
        },
        reject: (error) => {
          if (this.#settled(place, appendOutcome(error))) reject(error);
        },
        uncertain: false,
        settled: false,
      };
      const place = this.#unsettled.add(append);
      this.#waiting.push(append);
      if (this.#waiting.length >= BATCH_MAX && this.#mayCommitBatch()) this.#flush();
      else this.#scheduleFlush();
    });
  }

  /** Waits until every append has its outcome; each has a deadline, so this ends. */
  async stop(): Promise<void> {
    if (this.#unsettled.size > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    clearInterval(this.#sweeper);
  }

  #enter(body: Uint8Array): void {
    assertFits(body, this.#connection);
    this.#options.limiter.acquire(1, body.length);
  }

  /** False if it was settled before: one whose time was over may still get its outcome. */
  #settled(place: Place<PendingAppend>, outcome: AppendOutcome): boolean {
    if (!this.#unsettled.remove(place)) return false;
    const append = place.item;
    append.settled = true;
    const { observer, deadlineMs, limiter } = this.#options;
    limiter.release(1, append.body.length);
    observer?.appended(outcome, performance.now() - append.deadline + deadlineMs);
    if (this.#unsettled.size === 0) this.#onIdle?.();
    return true;
  }

  /** Gathers what this turn of the event loop brings before anything is sent, unless it is more than a batch takes. */
  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (!this.#connection.isConnected()) return;
    this.#sendSingles(this.#singlesFirst);
    while (this.#mayCommitBatch()) this.#commitBatch(this.#takeBatch());
    if (this.#options.groupCommit && this.#waiting.length >= this.#threshold.least) return;
    this.#sendSingles(this.#waiting);
  }

  #mayCommitBatch(): boolean {
    if (!this.#options.groupCommit || this.#batchesOpen >= BATCHES_OPEN) return false;
    return this.#waiting.length >= this.#threshold.least;
  }

  #sendSingles(queue: PendingAppend[]): void {
    const limit = this.#options.groupCommit ? SINGLES_WITH_GROUP_COMMIT : SINGLES_WITHOUT;
    for (const append of queue.splice(0, limit - this.#singlesInFlight)) this.#sendSingle(append);
  }

  #sendSingle(append: PendingAppend): void {
    this.#singlesInFlight++;
    const headers = expectationHeaders(append);
    this.#publisher.publish(append.subject, append.body, headers, (outcome) => {
      this.#singlesInFlight--;
      this.#conclude(append, outcome);
      this.#scheduleFlush();
    });
  }

  /** The oldest waiting appends, at most one of each owner: the server refuses a batch that writes one twice. */
  #takeBatch(): PendingAppend[] {
    const batch: PendingAppend[] = [];
    const later: PendingAppend[] = [];
    const owners = new Set<string>();
    let bytes = 0;
    let taken = 0;
    for (const append of this.#waiting) {
      bytes += append.body.length;
      if (batch.length === BATCH_MAX || bytes > BATCH_MAX_BYTES) break;
      taken++;
      if (owners.has(append.owner)) later.push(append);
      else batch.push(append);
      owners.add(append.owner);
    }
    this.#waiting = [...later, ...this.#waiting.slice(taken)];
    return batch;
  }

  #commitBatch(batch: readonly PendingAppend[]): void {
    const id = batchId();
    const sentAt = this.#batchesOpen + this.#singlesInFlight === 0 ? performance.now() : undefined;
    this.#batchesOpen++;
    this.#options.observer?.batchSent(batch.length);
    for (const [index, append] of batch.entries()) {
      const last = index === batch.length - 1;
      const headers = batchHeaders(append, { id, position: index + 1, last });
      if (!last) this.#publisher.publishWithoutAck(append.subject, append.body, headers);
      else
        this.#publisher.publish(append.subject, append.body, headers, (outcome) => {
          if (sentAt !== undefined) this.#threshold.answered(batch.length, performance.now() - sentAt);
          this.#onBatch(batch, outcome);
        });
    }
  }

  /** A batch is stored whole and in one piece, so its members' sequences end with the acknowledged one. */
  #onBatch(batch: readonly PendingAppend[], outcome: PublishOutcome): void {
    this.#batchesOpen--;
    if (outcome.kind === 'stored') {
      const first = outcome.sequence - batch.length + 1;
      for (const [index, append] of batch.entries()) append.resolve(first + index);
    } else if (outcome.kind === 'refused') {
      this.#singlesFirst.push(...batch);
    } else {
      for (const append of batch) this.#settler.settle(append);
    }
    this.#scheduleFlush();
  }

  #conclude(append: PendingAppend, outcome: PublishOutcome): void {
    if (outcome.kind === 'stored') append.resolve(outcome.sequence);
    else if (outcome.kind === 'unknown') this.#settler.settle(append);
    else if (isConflict(outcome.code)) this.#onConflict(append);
    else if (isWithoutResponders(outcome.code)) this.#settler.settle(append);
    else append.reject(new LogUnavailableError(`${outcome.description} (${outcome.code})`));
  }

  #onConflict(append: PendingAppend): void {
    if (append.uncertain) this.#settler.settle(append);
    else append.reject(movedOn(append));
  }

  #resend(append: PendingAppend): void {
    if (append.settled) return;
    this.#singlesFirst.push(append);
    this.#scheduleFlush();
  }

  #expire(): void {
    const now = performance.now();
    this.#waiting = this.#rejectExpired(this.#waiting, now);
    this.#singlesFirst = this.#rejectExpired(this.#singlesFirst, now);
    for (const append of this.#unsettled) {
      if (append.deadline > now) return;
      append.reject(new LogUnavailableError('no answer in time: the outcome of an append is unknown'));
    }
  }

  #rejectExpired(queue: PendingAppend[], now: number): PendingAppend[] {
    if (queue.every((append) => append.deadline > now)) return queue;
    const expired = queue.filter((append) => append.deadline <= now);
    for (const append of expired) append.reject(new LogUnavailableError('the append could not be sent in time'));
    return queue.filter((append) => append.deadline > now);
  }
}
