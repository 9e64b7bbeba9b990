import type { AppendRequest } from './appendRequest.ts';
import { appendOutcome } from './logObserver.ts';
import type { AppendLimiter } from './appendLimiter.ts';
import { assertFits } from './appendLimiter.ts';
import { AppendSettler } from './appendSettler.ts';
import type { Connection } from '../connection/connection.ts';
import { ConcurrentAppendError, LogUnavailableError } from '../errors.ts';
import { batchHeaders, batchId } from '../connection/headers.ts';
import { isConflict, isConflictWithStored, isTransientBatchRefusal } from '../connection/serverErrors.ts';
import type { AppendOutcome, LogObserver } from './logObserver.ts';
import type { PendingAppend } from './appendRequest.ts';
import type { Publisher, PublishOutcome } from '../connection/publisher.ts';

export interface BatchAppenderOptions {
  readonly deadlineMs: number;
  readonly limiter: AppendLimiter;
  readonly observer?: LogObserver | undefined;
}

interface Member extends AppendRequest {
  readonly body: Uint8Array;
}

/** A batch on its way. Its last member stands for all: they are stored in order, so where it is the others are. */
interface PendingBatch {
  readonly members: readonly Member[];
  readonly last: PendingAppend;
  /** Length of all bodies together. */
  readonly bytes: number;
  readonly overdue: NodeJS.Timeout;
  /** The server knew one of the jobs when a further try came. */
  conflicted: boolean;
}

/** The server takes no more in one atomic batch. */
export const MAX_BATCH = 1_000;
/** The server allows 50 open ones for all writers together. */
const BATCHES_OPEN = 4;
const RETRY_PAUSE_MS = 50;

/**
 * Appends the first events of new jobs, all or none: one atomic batch on the stream, whatever group commit says. An
 * unknown outcome is settled by reading, as for a single append. Where batches are staged in memory, a power cut in the
 * middle of a commit can leave the first events of a batch that nobody has acknowledged: that is a ConcurrentAppendError,
 * as if somebody else had made those jobs.
 */
export class BatchAppender {
  readonly #connection: Connection;
  readonly #publisher: Pick<Publisher, 'publish' | 'publishWithoutAck'>;
  readonly #options: BatchAppenderOptions;
  readonly #settler: AppendSettler;
  readonly #unsettled = new Map<PendingAppend, PendingBatch>();
  readonly #queue: PendingBatch[] = [];
  #open = 0;
  #onIdle: (() => void) | undefined;

  constructor(
    connection: Connection,
    publisher: Pick<Publisher, 'publish' | 'publishWithoutAck'>,
    options: BatchAppenderOptions,
  ) {
    this.#connection = connection;
    this.#publisher = publisher;
    this.#options = options;
    this.#settler = new AppendSettler(connection, { resend: (last) => this.#onAbsent(last) });
  }

  /** Resolves to the sequence of the first event; the others follow it in order and without a gap. */
  async append(events: readonly AppendRequest[]): Promise<number> {
    const { deadlineMs, observer } = this.#options;
    const begun = performance.now();
    const report = (outcome: AppendOutcome) => {
      for (const _event of events) observer?.appended(outcome, performance.now() - begun);
    };
    try {
      const sequence = await this.#append(this.#checked(events), begun + deadlineMs);
      report('stored');
      return sequence;
    } catch (error) {
      report(appendOutcome(error));
      throw error;
    }
  }

  /** Waits until every batch has its outcome; each has a deadline, so this ends. */
  async stop(): Promise<void> {
    if (this.#unsettled.size > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  #checked(events: readonly AppendRequest[]): readonly Member[] {
    if (events.length < 1 || events.length > MAX_BATCH) {
      throw new RangeError(`expected 1 to ${MAX_BATCH} events in a batch, got: ${events.length}`);
    }
    return events.map((event) => {
      const body = Buffer.from(event.text);
      assertFits(body, this.#connection);
      return { ...event, body };
    });
  }

  #append(members: readonly Member[], deadline: number): Promise<number> {
    const bytes = members.reduce((sum, { body }) => sum + body.length, 0);
    this.#options.limiter.acquire(members.length, bytes);
    return new Promise((resolve, reject) => {
      const tail = members.at(-1);
      if (tail === undefined) return;
      const last: PendingAppend = {
        ...tail,
        expected: 0,
        deadline,
        resolve: (sequence) => this.#settled(last, () => resolve(sequence - members.length + 1)),
        reject: (error) => this.#settled(last, () => reject(error)),
        uncertain: false,
        settled: false,
      };
      const overdue = setTimeout(() => this.#onOverdue(last), deadline - performance.now());
      const batch: PendingBatch = { members, last, bytes, overdue, conflicted: false };
      this.#unsettled.set(last, batch);
      this.#queue.push(batch);
      this.#flush();
    });
  }

  #onOverdue(last: PendingAppend): void {
    last.reject(new LogUnavailableError('no answer in time: the outcome of a batch is unknown'));
  }

  /** A batch whose time was over may still get its outcome: that is told to nobody. */
  #settled(last: PendingAppend, tell: () => void): void {
    const batch = this.#unsettled.get(last);
    if (batch === undefined) return;
    clearTimeout(batch.overdue);
    this.#options.limiter.release(batch.members.length, batch.bytes);
    this.#unsettled.delete(last);
    last.settled = true;
    tell();
    if (this.#unsettled.size === 0) this.#onIdle?.();
  }

  #flush(): void {
    while (this.#open < BATCHES_OPEN) {
      const batch = this.#queue.shift();
      if (batch === undefined) return;
      if (!this.#unsettled.has(batch.last)) continue;
      if (this.#connection.isConnected()) this.#send(batch);
      else this.#retry(batch.last);
    }
  }

  #send({ members, last }: PendingBatch): void {
    const id = batchId();
    this.#open++;
    this.#options.observer?.batchSent(members.length);
    for (const [index, { subject, filter, traceparent, body }] of members.entries()) {
      const commits = index === members.length - 1;
      const place = { id, position: index + 1, last: commits };
      const headers = batchHeaders({ expected: 0, subject, filter, traceparent }, place);
      if (!commits) this.#publisher.publishWithoutAck(subject, body, headers);
      else this.#publisher.publish(subject, body, headers, (outcome) => this.#onOutcome(outcome, last));
    }
  }

  #onOutcome(outcome: PublishOutcome, last: PendingAppend): void {
    this.#open--;
    if (outcome.kind === 'stored') last.resolve(outcome.sequence);
    else if (outcome.kind === 'unknown') this.#settler.settle(last);
    else this.#onRefusal(outcome, last);
    this.#flush();
  }

  #onRefusal({ code, description }: Extract<PublishOutcome, { kind: 'refused' }>, last: PendingAppend): void {
    if (isTransientBatchRefusal(code)) this.#retry(last);
    else if (!isConflict(code)) last.reject(new LogUnavailableError(`${description} (${code})`));
    else if (last.uncertain) this.#settleConflict(code, last);
    else last.reject(new ConcurrentAppendError('one of the jobs', 0));
  }

  /** What conflicts with a further try may be the first one. */
  #settleConflict(code: number, last: PendingAppend): void {
    const batch = this.#unsettled.get(last);
    if (batch !== undefined && isConflictWithStored(code)) batch.conflicted = true;
    this.#settler.settle(last);
  }

  /** The log has not got the last member. If it has got another one, a power cut went through the batch. */
  #onAbsent(last: PendingAppend): void {
    if (this.#unsettled.get(last)?.conflicted === true) last.reject(new ConcurrentAppendError('one of the jobs', 0));
    else this.#retry(last);
  }

  /** Sends a batch again that is known not to be stored, a moment later. */
  #retry(last: PendingAppend): void {
    const batch = this.#unsettled.get(last);
    if (batch === undefined) return;
    if (performance.now() >= last.deadline) {
      last.reject(new LogUnavailableError('the batch could not be sent in time'));
      return;
    }
    setTimeout(() => {
      this.#queue.push(batch);
      this.#flush();
    }, RETRY_PAUSE_MS);
  }
}
