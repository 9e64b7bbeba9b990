import type { Appendable } from './appendable.ts';
import { appendOutcome } from './appendOutcome.ts';
import { AppendSettler } from './appendSettler.ts';
import type { Connection } from './connection.ts';
import { ConcurrentAppendError, EventTooLargeError, LogOverloadedError, LogUnavailableError } from './errors.ts';
import { batchHeaders } from './headers.ts';
import type { AppendOutcome, LogObserver } from './logObserver.ts';
import type { PendingAppend } from './pendingAppend.ts';
import type { Publisher, PublishOutcome } from './publisher.ts';

export interface BatchAppenderOptions {
  readonly deadlineMs: number;
  /** Events that may wait at once before further batches are refused. */
  readonly maxWaiting: number;
  readonly observer?: LogObserver | undefined;
}

interface Member extends Appendable {
  readonly body: Uint8Array;
}

/** A batch on its way. Its first member stands for all: they are stored together or not at all. */
interface PendingBatch {
  readonly members: readonly Member[];
  readonly first: PendingAppend;
  readonly overdue: NodeJS.Timeout;
}

/** The server takes no more in one atomic batch. */
export const MAX_BATCH = 1_000;
/** The server allows 50 open ones for all writers together. */
const BATCHES_OPEN = 4;
const RETRY_PAUSE_MS = 50;
/** Header names and protocol text beside the body, generously. */
const OVERHEAD_BYTES = 1_024;

const CONFLICT_CODES: ReadonlySet<number> = new Set([10_071, 10_164]);
/** Nothing was stored, and the next try may succeed: a lost member, too many open batches, a full queue, no leader. */
const PASSING_CODES: ReadonlySet<number> = new Set([10_176, 10_210, 10_167, 503]);

/**
 * Appends the first events of new jobs, all or none: one atomic batch on the stream, whatever group commit says. An
 * unknown outcome is settled by reading, as for a single append.
 */
export class BatchAppender {
  readonly #connection: Connection;
  readonly #publisher: Pick<Publisher, 'publish' | 'publishSilently'>;
  readonly #options: BatchAppenderOptions;
  readonly #settler: AppendSettler;
  readonly #unsettled = new Map<PendingAppend, PendingBatch>();
  readonly #queue: PendingBatch[] = [];
  #open = 0;
  #events = 0;
  #onIdle: (() => void) | undefined;

  constructor(
    connection: Connection,
    publisher: Pick<Publisher, 'publish' | 'publishSilently'>,
    options: BatchAppenderOptions,
  ) {
    this.#connection = connection;
    this.#publisher = publisher;
    this.#options = options;
    this.#settler = new AppendSettler(connection, { resend: (first) => this.#retry(first) });
  }

  /** Resolves to the sequence of the first event; the others follow it in order and without a gap. */
  async append(events: readonly Appendable[]): Promise<number> {
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

  #checked(events: readonly Appendable[]): readonly Member[] {
    if (events.length < 1 || events.length > MAX_BATCH) {
      throw new RangeError(`expected 1 to ${MAX_BATCH} events in a batch, got: ${events.length}`);
    }
    if (this.#events + events.length > this.#options.maxWaiting) throw new LogOverloadedError(this.#events);
    const limit = (this.#connection.nats.info?.max_payload ?? 1_048_576) - OVERHEAD_BYTES;
    return events.map((event) => {
      const body = Buffer.from(event.text);
      if (body.length > limit) throw new EventTooLargeError(body.length, limit);
      return { ...event, body };
    });
  }

  #append(members: readonly Member[], deadline: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const [head] = members;
      if (head === undefined) return;
      const first: PendingAppend = {
        ...head,
        expected: 0,
        deadline,
        resolve: (sequence) => this.#settled(first, () => resolve(sequence)),
        reject: (error) => this.#settled(first, () => reject(error)),
        uncertain: false,
        settled: false,
      };
      const batch = { members, first, overdue: setTimeout(() => this.#onOverdue(first), deadline - performance.now()) };
      this.#unsettled.set(first, batch);
      this.#events += members.length;
      this.#queue.push(batch);
      this.#flush();
    });
  }

  #onOverdue(first: PendingAppend): void {
    first.reject(new LogUnavailableError('no answer in time: the outcome of a batch is unknown'));
  }

  /** A batch whose time was over may still get its outcome: that is told to nobody. */
  #settled(first: PendingAppend, tell: () => void): void {
    const batch = this.#unsettled.get(first);
    if (batch === undefined) return;
    clearTimeout(batch.overdue);
    this.#events -= batch.members.length;
    this.#unsettled.delete(first);
    first.settled = true;
    tell();
    if (this.#unsettled.size === 0) this.#onIdle?.();
  }

  #flush(): void {
    while (this.#open < BATCHES_OPEN) {
      const batch = this.#queue.shift();
      if (batch === undefined) return;
      if (!this.#unsettled.has(batch.first)) continue;
      if (this.#connection.isConnected()) this.#send(batch);
      else this.#retry(batch.first);
    }
  }

  #send({ members, first }: PendingBatch): void {
    const id = crypto.randomUUID();
    this.#open++;
    this.#options.observer?.batchSent(members.length);
    for (const [index, { subject, filter, traceparent, body }] of members.entries()) {
      const last = index === members.length - 1;
      const headers = batchHeaders({ expected: 0, subject, filter, traceparent }, { id, position: index + 1, last });
      if (!last) this.#publisher.publishSilently(subject, body, headers);
      else this.#publisher.publish(subject, body, headers, (outcome) => this.#onOutcome(outcome, first, index));
    }
  }

  #onOutcome(outcome: PublishOutcome, first: PendingAppend, lastIndex: number): void {
    this.#open--;
    if (outcome.kind === 'stored') first.resolve(outcome.sequence - lastIndex);
    else if (outcome.kind === 'unknown') this.#settler.settle(first);
    else this.#onRefusal(outcome, first);
    this.#flush();
  }

  #onRefusal({ code, description }: Extract<PublishOutcome, { kind: 'refused' }>, first: PendingAppend): void {
    if (PASSING_CODES.has(code)) this.#retry(first);
    else if (!CONFLICT_CODES.has(code)) first.reject(new LogUnavailableError(`${description} (${code})`));
    else if (first.uncertain) this.#settler.settle(first);
    else first.reject(new ConcurrentAppendError('one of the jobs', 0));
  }

  /** Sends a batch again that is known not to be stored, a moment later. */
  #retry(first: PendingAppend): void {
    const batch = this.#unsettled.get(first);
    if (batch === undefined) return;
    if (performance.now() >= first.deadline) {
      first.reject(new LogUnavailableError('the batch could not be sent in time'));
      return;
    }
    setTimeout(() => {
      this.#queue.push(batch);
      this.#flush();
    }, RETRY_PAUSE_MS);
  }
}
