import type { Connection } from '../connection/connection.ts';
import { batchId } from '../connection/headers.ts';
import type { BatchPublisher, PublishOutcome, Refusal } from '../connection/publisher.ts';
import { isConflict, isConflictWithStored, isTransientBatchRefusal } from '../connection/serverErrors.ts';
import { ConcurrentAppendError, LogUnavailableError } from '../errors.ts';
import { assertFits, type AppendLimiter } from './appendLimiter.ts';
import { AppendSettler } from './appendSettler.ts';
import { outcomeOfError, type AppendOutcome, type LogObserver } from './logObserver.ts';
import { AppendGroups } from './appendGroups.ts';
import type { BatchMember, PendingBatch } from './pendingBatch.ts';
import { publishBatch } from './publishBatch.ts';
import type { ReachedPosition } from './reachedPosition.ts';

export interface BatchAppenderOptions {
  readonly deadlineMs: number;
  readonly limiter: AppendLimiter;
  readonly observer?: LogObserver | undefined;
  readonly reached?: ReachedPosition | undefined;
}

/** The server's limit for the messages of one atomic batch. */
const MAX_BATCH = 1_000;
/** The server allows 50 open ones for all writers together. */
const MAX_OPEN_BATCHES = 4;
const RETRY_PAUSE_MS = 50;

/**
 * Appends events, all or none, as one atomic batch, with or without group commit. Batches with claims that wait for others are
 * committed together: each costs as many syncs as all of them. An unknown
 * outcome is settled by reading, as for a single append. Where batches are staged in memory, a power cut in the middle of
 * a commit can leave the first messages of an unacknowledged batch: a retry then fails with ConcurrentAppendError, as if
 * another writer had stored them.
 */
export class BatchAppender {
  readonly #connection: Connection;
  readonly #publisher: BatchPublisher;
  readonly #options: BatchAppenderOptions;
  readonly #settler: AppendSettler<PendingBatch>;
  readonly #unsettled = new Set<PendingBatch>();
  readonly #groups = new AppendGroups();
  #open = 0;
  #onIdle: (() => void) | undefined;

  constructor(connection: Connection, publisher: BatchPublisher, options: BatchAppenderOptions) {
    this.#connection = connection;
    this.#publisher = publisher;
    this.#options = options;
    this.#settler = new AppendSettler(connection, (batch) => this.#onAbsent(batch));
  }

  /**
   * Appends events, 1 to 1,000 messages with their claims, and resolves to the sequence of each. Rejects as
   * `Appender.append` does, and with a RangeError for another number.
   */
  async append(events: readonly BatchMember[]): Promise<readonly number[]> {
    const { deadlineMs, observer } = this.#options;
    const startedAt = performance.now();
    const report = (outcome: AppendOutcome) => {
      for (const _event of events) observer?.appended(outcome, performance.now() - startedAt);
    };
    try {
      const sequences = await this.#append(events, startedAt + deadlineMs);
      report('stored');
      return sequences;
    } catch (error) {
      report(outcomeOfError(error));
      throw error;
    }
  }

  /** Waits until every batch has its outcome; each has a deadline, so this ends. */
  async stop(): Promise<void> {
    if (this.#unsettled.size > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  async #append(events: readonly BatchMember[], deadline: number): Promise<readonly number[]> {
    const last = events.at(-1);
    const messages = events.reduce((sum, { claim }) => sum + (claim === undefined ? 1 : 2), 0);
    if (last === undefined || messages > MAX_BATCH) {
      throw new RangeError(`expected 1 to ${MAX_BATCH} messages in a batch, got: ${messages}`);
    }
    const members = events.map((event) => ({ ...event, body: this.#bodyOf(event) }));
    const bytes = members.reduce((sum, { body }) => sum + body.length, 0);
    this.#options.limiter.acquire(members.length, bytes);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const append = { request: last.request, expected: last.expected, deadline, resolve, reject };
    const batch: PendingBatch = { ...append, members, messages, bytes, uncertain: false, conflicted: false };
    const timeout = setTimeout(
      () => reject(new LogUnavailableError('no answer in time: the outcome of a batch is unknown')),
      deadline - performance.now(),
    );
    this.#unsettled.add(batch);
    this.#groups.add(batch);
    try {
      this.#flush();
      const sequence = await promise;
      this.#options.reached?.note(sequence);
      return sequencesOf(batch, sequence);
    } finally {
      clearTimeout(timeout);
      this.#options.limiter.release(members.length, bytes);
      this.#unsettled.delete(batch);
      if (this.#unsettled.size === 0) this.#onIdle?.();
    }
  }

  #bodyOf({ request: { text } }: BatchMember): Uint8Array {
    const body = Buffer.from(text);
    assertFits(body, this.#connection.nats.info?.max_payload);
    return body;
  }

  #flush(): void {
    while (this.#open < MAX_OPEN_BATCHES) {
      const group = this.#groups.next((batch) => this.#unsettled.has(batch));
      if (group.length === 0) return;
      if (this.#connection.isConnected()) this.#send(group);
      else for (const batch of group) this.#retry(batch);
    }
  }

  #send(group: readonly PendingBatch[]): void {
    this.#open++;
    const members = group.flatMap((batch) => batch.members);
    this.#options.observer?.batchSent(members.length);
    publishBatch(this.#publisher, { id: batchId(), members }, (outcome) => this.#onOutcome(outcome, group));
  }

  #onOutcome(outcome: PublishOutcome, group: readonly PendingBatch[]): void {
    this.#open--;
    if (outcome.kind === 'stored') this.#onStored(outcome.sequence, group);
    else if (outcome.kind === 'unknown') for (const batch of group) this.#settler.settle(batch);
    else this.#onRefusal(outcome, group);
    this.#flush();
  }

  /** They are stored whole and without gaps, so the acknowledged sequence is that of the last message of all. */
  #onStored(last: number, group: readonly PendingBatch[]): void {
    let sequence = last - group.reduce((sum, { messages }) => sum + messages, 0);
    for (const batch of group) batch.resolve((sequence += batch.messages));
  }

  /** Of several one at least is refused: halving finds it with few syncs. */
  #onRefusal(refusal: Refusal, group: readonly PendingBatch[]): void {
    const [batch, ...others] = group;
    if (batch === undefined) return;
    if (isTransientBatchRefusal(refusal.code)) for (const one of group) this.#retry(one);
    else if (others.length > 0) this.#groups.divide(group);
    else this.#onRefused(refusal, batch);
  }

  #onRefused({ code, description }: Refusal, batch: PendingBatch): void {
    if (!isConflict(code)) return batch.reject(new LogUnavailableError(`${description} (${code})`));
    if (!batch.uncertain) return batch.reject(conflictOf(batch));
    // The conflict of a further try may be with the first one.
    if (isConflictWithStored(code)) batch.conflicted = true;
    this.#settler.settle(batch);
  }

  /** The log lacks the last event. If it has another one, a power cut went through the batch. */
  #onAbsent(batch: PendingBatch): void {
    if (batch.conflicted) batch.reject(conflictOf(batch));
    else this.#retry(batch);
  }

  /** Sends a batch again that is known not to be stored, after a pause. */
  #retry(batch: PendingBatch): void {
    if (performance.now() >= batch.deadline) {
      batch.reject(new LogUnavailableError('the batch could not be sent in time'));
      return;
    }
    setTimeout(() => {
      this.#groups.add(batch);
      this.#flush();
    }, RETRY_PAUSE_MS);
  }
}

function sequencesOf({ members }: PendingBatch, last: number): readonly number[] {
  let sequence = last + 1;
  const sequences = members.toReversed().map(({ claim }) => {
    sequence -= 1;
    const own = sequence;
    if (claim !== undefined) sequence -= 1;
    return own;
  });
  return sequences.toReversed();
}

function conflictOf({ members: [first, second] }: PendingBatch): ConcurrentAppendError {
  return new ConcurrentAppendError(
    second === undefined ? `job ${first?.request.owner}` : 'one of the jobs',
    first?.expected ?? 0,
  );
}
