import type { Connection } from '../connection/connection.ts';
import { batchHeaders, batchId } from '../connection/headers.ts';
import type { BatchPublisher, PublishOutcome, Refusal } from '../connection/publisher.ts';
import { isConflict, isConflictWithStored, isTransientBatchRefusal } from '../connection/serverErrors.ts';
import { ConcurrentAppendError, LogUnavailableError } from '../errors.ts';
import { assertFits, type AppendLimiter } from './appendLimiter.ts';
import type { AppendRequest } from './appendRequest.ts';
import { AppendSettler, type PendingAppend } from './appendSettler.ts';
import { outcomeOfError, type AppendOutcome, type LogObserver } from './logObserver.ts';
import type { ReachedPosition } from './reachedPosition.ts';

export interface BatchAppenderOptions {
  readonly deadlineMs: number;
  readonly limiter: AppendLimiter;
  readonly observer?: LogObserver | undefined;
  readonly reached?: ReachedPosition | undefined;
}

interface Member {
  readonly request: AppendRequest;
  readonly body: Uint8Array;
}

interface PendingBatch extends PendingAppend {
  readonly members: readonly Member[];
  /** Set when a further try was refused since one of the jobs exists. */
  conflicted: boolean;
}

/** The server's limit for one atomic batch. */
const MAX_BATCH = 1_000;
/** The server allows 50 open ones for all writers together. */
const MAX_OPEN_BATCHES = 4;
const RETRY_PAUSE_MS = 50;

/**
 * Appends the first events of new jobs, all or none, as one atomic batch, with or without group commit. An unknown
 * outcome is settled by reading, as for a single append. Where batches are staged in memory, a power cut in the middle of
 * a commit can leave the first events of an unacknowledged batch: a retry then fails with ConcurrentAppendError, as if
 * another writer had created those jobs.
 */
export class BatchAppender {
  readonly #connection: Connection;
  readonly #publisher: BatchPublisher;
  readonly #options: BatchAppenderOptions;
  readonly #settler: AppendSettler<PendingBatch>;
  readonly #unsettled = new Set<PendingBatch>();
  readonly #queue: PendingBatch[] = [];
  #open = 0;
  #onIdle: (() => void) | undefined;

  constructor(connection: Connection, publisher: BatchPublisher, options: BatchAppenderOptions) {
    this.#connection = connection;
    this.#publisher = publisher;
    this.#options = options;
    this.#settler = new AppendSettler(connection, (batch) => this.#onAbsent(batch));
  }

  /**
   * Appends 1 to 1,000 events and resolves to the sequence of the first; the others follow it without a gap. Rejects as
   * `Appender.append` does, and with a RangeError for another number of events.
   */
  async append(events: readonly AppendRequest[]): Promise<number> {
    const { deadlineMs, observer } = this.#options;
    const startedAt = performance.now();
    const report = (outcome: AppendOutcome) => {
      for (const _event of events) observer?.appended(outcome, performance.now() - startedAt);
    };
    try {
      const sequence = await this.#append(events, startedAt + deadlineMs);
      report('stored');
      return sequence;
    } catch (error) {
      report(outcomeOfError(error));
      throw error;
    }
  }

  /** Waits until every batch has its outcome; each has a deadline, so this ends. */
  async stop(): Promise<void> {
    if (this.#unsettled.size > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  async #append(events: readonly AppendRequest[], deadline: number): Promise<number> {
    const last = events.at(-1);
    if (last === undefined || events.length > MAX_BATCH) {
      throw new RangeError(`expected 1 to ${MAX_BATCH} events in a batch, got: ${events.length}`);
    }
    const members = events.map((event) => this.#member(event));
    const bytes = members.reduce((sum, { body }) => sum + body.length, 0);
    this.#options.limiter.acquire(members.length, bytes);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const append = { request: last, expected: 0, deadline, resolve, reject };
    const batch: PendingBatch = { ...append, members, uncertain: false, conflicted: false };
    const timeout = setTimeout(
      () => reject(new LogUnavailableError('no answer in time: the outcome of a batch is unknown')),
      deadline - performance.now(),
    );
    this.#unsettled.add(batch);
    this.#queue.push(batch);
    try {
      this.#flush();
      const sequence = await promise;
      this.#options.reached?.note(sequence);
      return sequence - members.length + 1;
    } finally {
      clearTimeout(timeout);
      this.#options.limiter.release(members.length, bytes);
      this.#unsettled.delete(batch);
      if (this.#unsettled.size === 0) this.#onIdle?.();
    }
  }

  #member(event: AppendRequest): Member {
    const body = Buffer.from(event.text);
    assertFits(body, this.#connection.nats.info?.max_payload);
    return { request: event, body };
  }

  #flush(): void {
    while (this.#open < MAX_OPEN_BATCHES) {
      const batch = this.#queue.shift();
      if (batch === undefined) return;
      if (!this.#unsettled.has(batch)) continue;
      if (this.#connection.isConnected()) this.#send(batch);
      else this.#retry(batch);
    }
  }

  #send(batch: PendingBatch): void {
    const { members } = batch;
    const id = batchId();
    this.#open++;
    this.#options.observer?.batchSent(members.length);
    for (const [index, { request, body }] of members.entries()) {
      const last = index === members.length - 1;
      const headers = batchHeaders(0, request, { id, position: index + 1, last });
      if (last) this.#publisher.publish(request.subject, body, headers, (outcome) => this.#onOutcome(outcome, batch));
      else this.#publisher.publishWithoutAck(request.subject, body, headers);
    }
  }

  #onOutcome(outcome: PublishOutcome, batch: PendingBatch): void {
    this.#open--;
    if (outcome.kind === 'stored') batch.resolve(outcome.sequence);
    else if (outcome.kind === 'unknown') this.#settler.settle(batch);
    else this.#onRefusal(outcome, batch);
    this.#flush();
  }

  #onRefusal({ code, description }: Refusal, batch: PendingBatch): void {
    if (isTransientBatchRefusal(code)) return this.#retry(batch);
    if (!isConflict(code)) return batch.reject(new LogUnavailableError(`${description} (${code})`));
    if (!batch.uncertain) return batch.reject(conflict());
    // The conflict of a further try may be with the first one.
    if (isConflictWithStored(code)) batch.conflicted = true;
    this.#settler.settle(batch);
  }

  /** The log lacks the last event. If it has another one, a power cut went through the batch. */
  #onAbsent(batch: PendingBatch): void {
    if (batch.conflicted) batch.reject(conflict());
    else this.#retry(batch);
  }

  /** Sends a batch again that is known not to be stored, after a pause. */
  #retry(batch: PendingBatch): void {
    if (performance.now() >= batch.deadline) {
      batch.reject(new LogUnavailableError('the batch could not be sent in time'));
      return;
    }
    setTimeout(() => {
      this.#queue.push(batch);
      this.#flush();
    }, RETRY_PAUSE_MS);
  }
}

function conflict(): ConcurrentAppendError {
  return new ConcurrentAppendError('one of the jobs', 0);
}
