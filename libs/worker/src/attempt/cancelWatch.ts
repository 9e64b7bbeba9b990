import { setTimeout as pause } from 'node:timers/promises';
import type { EventLog, JobSnapshot } from '@jobstream/eventlog';
import type { Logger } from '../handler/logger.ts';
import type { Attempt, AttemptAbort } from './attempt.ts';

export interface CancelWatchOptions {
  readonly eventLog: Pick<EventLog, 'subscribeToCancellations' | 'onReconnected' | 'readJob'>;
  readonly workerName: string;
  /** Aborted when running attempts must end. */
  readonly closing: AbortSignal;
  readonly logger: Logger;
}

/** A job that this worker has a delivery of: whether a cancellation hint came, and the attempt that runs, if one does yet. */
interface Followed {
  hinted: boolean;
  running: Running | undefined;
}

interface Running {
  readonly attempt: Attempt;
  readonly abort: AttemptAbort;
  /** The sequence of the attempt's JobStarted: the state that is read must be at least as new. */
  readonly started: number;
  /** Settles when the hint of a cancellation was checked that came before the run; undefined if none did. */
  firstCheck: Promise<unknown> | undefined;
  /** Set when the run has ended: nothing is aborted any more. */
  isOver: boolean;
}

/** Waits before each read of a job after a hint: the cancellation may be stored a moment later, or never. */
const CHECK_PAUSES_MS = [0, 10, 20, 50, 100, 200, 400, 800];
/** After a reconnect: a read may fail, or be answered by a replica that lags behind. */
const SWEEP_PAUSES_MS = [0, 250, 1_000];
const SWEEP_LANES = 16;

/**
 * Aborts an attempt when its job is cancelled, or when the worker closes. Cancellations come as hints that are checked
 * against the log, because subscribers also receive appends that the log rejects. Hints that were missed while the
 * connection was down are made up for by reading all running jobs when it is back.
 */
export class CancelWatch {
  readonly #options: CancelWatchOptions;
  readonly #followed = new Map<string, Followed>();
  #unsubscribe: readonly (() => void)[] = [];

  constructor(options: CancelWatchOptions) {
    this.#options = options;
    options.closing.addEventListener('abort', () => this.#onClosing(), { once: true });
  }

  start(jobTypes: readonly string[]): void {
    const { eventLog } = this.#options;
    this.#unsubscribe = [
      eventLog.subscribeToCancellations(jobTypes, (jobId) => this.#onHint(jobId)),
      eventLog.onReconnected(() => void this.#sweep()),
    ];
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  /** Notes hints about a job from now on: a cancellation may come between the start of an attempt and its run. */
  follow(jobId: string): void {
    this.#followed.set(jobId, { hinted: false, running: undefined });
  }

  unfollow(jobId: string): void {
    const followed = this.#followed.get(jobId);
    // A Map may hold on to deleted entries for long: then not to the whole attempt.
    if (followed !== undefined) followed.running = undefined;
    this.#followed.delete(jobId);
  }

  /** Returns the attempts whose handlers run now. */
  running(): readonly Attempt[] {
    return [...this.#followed.values()].flatMap(({ running }) => (running?.isOver === false ? [running.attempt] : []));
  }

  /** Aborts the attempt if its job, which must be followed, was cancelled or will be, or when the worker closes. */
  guard(attempt: Attempt, abort: AttemptAbort): Running {
    const running: Running = { attempt, abort, started: attempt.chain.sequence, firstCheck: undefined, isOver: false };
    const followed = this.#followed.get(attempt.delivery.jobId);
    if (followed !== undefined) followed.running = running;
    if (followed?.hinted === true) {
      running.firstCheck = this.#check(running);
      void this.#checkUntilKnown(running);
    }
    if (this.#options.closing.aborted) abort.closing();
    return running;
  }

  #onClosing(): void {
    for (const { running } of this.#followed.values()) if (running?.isOver === false) running.abort.closing();
  }

  #onHint(jobId: string): void {
    const followed = this.#followed.get(jobId);
    if (followed === undefined) return;
    followed.hinted = true;
    if (followed.running !== undefined) void this.#checkUntilKnown(followed.running);
  }

  async #checkUntilKnown(running: Running): Promise<void> {
    for (const ms of CHECK_PAUSES_MS) {
      await pause(ms);
      if (running.isOver || (await this.#check(running))) return;
    }
    running.attempt.logger.debug('cancellation hint ignored: the log has no cancellation');
  }

  /** Checks all running attempts, round after round; those about to run are checked when they do. */
  async #sweep(): Promise<void> {
    for (const followed of this.#followed.values()) followed.hinted = true;
    let left = [...this.#followed.values()].flatMap(({ running }) => running ?? []);
    for (const ms of SWEEP_PAUSES_MS) {
      await pause(ms);
      left = await this.#checkAll(left);
    }
  }

  /** Checks several at a time; returns those that still seem to run. */
  async #checkAll(all: readonly Running[]): Promise<Running[]> {
    const left: Running[] = [];
    const next = all.values();
    const check = async () => {
      for (const running of next) {
        if (!running.isOver && !(await this.#check(running))) left.push(running);
      }
    };
    await Promise.all(Array.from({ length: SWEEP_LANES }, check));
    return left;
  }

  /** Aborts the attempt if the job is known to have moved on, and returns whether it is. */
  async #check(running: Running): Promise<boolean> {
    const snapshot = await this.#read(running.attempt);
    if (snapshot === undefined || running.isOver || !this.#hasMovedOn(running, snapshot)) return false;
    if (snapshot.job.status === 'cancelled') running.abort.cancelled();
    else running.abort.overtaken();
    return true;
  }

  async #read({ delivery }: Attempt): Promise<JobSnapshot | undefined> {
    try {
      return await this.#options.eventLog.readJob(delivery.jobId, delivery.jobType);
    } catch {
      return undefined;
    }
  }

  /** A replica may still show the job as it was before this attempt: that proves nothing. */
  #hasMovedOn({ attempt, started }: Running, { job, sequence }: JobSnapshot): boolean {
    if (sequence <= started) return false;
    const { workerName } = this.#options;
    return !(job.status === 'processing' && job.attempt === attempt.number && job.worker === workerName);
  }
}
