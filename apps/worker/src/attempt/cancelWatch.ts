import { setTimeout as pause } from 'node:timers/promises';
import type { EventLog, JobSnapshot } from '@jobstream/eventlog';
import type { Logger } from '@jobstream/runtime';
import type { Attempt } from './attempt.ts';
import type { AttemptAbort } from './attemptAbort.ts';

export interface CancelWatchOptions {
  readonly eventLog: Pick<EventLog, 'onCancelled' | 'onReconnected' | 'readJob'>;
  readonly workerName: string;
  /** Aborted when running attempts must end. */
  readonly closing: AbortSignal;
  readonly logger: Logger;
}

/** A job in the hands of this worker: whether a cancellation was heard of, and the attempt that runs, if one does yet. */
interface Followed {
  heard: boolean;
  running: Running | undefined;
}

/** An attempt that runs until it is over. */
class Running {
  readonly attempt: Attempt;
  readonly abort: AttemptAbort;
  /** The sequence of the attempt's JobStarted: what is read must be at least as new. */
  readonly started: number;
  /** Settles when it was looked whether a cancellation is true that was heard of before; undefined if none was. */
  firstLook: Promise<unknown> | undefined;
  #isOver = false;

  constructor(attempt: Attempt, abort: AttemptAbort) {
    this.attempt = attempt;
    this.abort = abort;
    this.started = attempt.chain.sequence;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  over(): void {
    this.#isOver = true;
  }
}

/** Waits before each look at a job whose cancellation was heard of: it may be stored a moment later, or never. */
const LOOKS_AFTER_MS = [0, 10, 20, 50, 100, 200, 400, 800];
/** After a reconnect one look is enough, so these are only for reads that fail. */
const SWEEP_LOOKS_AFTER_MS = [0, 250, 1_000];
const SWEEP_LANES = 16;

/**
 * Aborts an attempt when its job is cancelled, or when the worker closes. What is heard is not believed but looked up, because subscribers hear
 * appends that the log refuses as well. What was missed while the connection was away is looked up when it is back.
 */
export class CancelWatch {
  readonly #options: CancelWatchOptions;
  readonly #followed = new Map<string, Followed>();
  #forget: readonly (() => void)[] = [];

  constructor(options: CancelWatchOptions) {
    this.#options = options;
    options.closing.addEventListener('abort', () => this.#onClosing(), { once: true });
  }

  start(jobTypes: readonly string[]): void {
    const { eventLog } = this.#options;
    this.#forget = [
      eventLog.onCancelled(jobTypes, (jobId) => this.#onHint(jobId)),
      eventLog.onReconnected(() => void this.#sweep()),
    ];
  }

  stop(): void {
    for (const forget of this.#forget) forget();
  }

  /** Notes what is heard about a job from now on: a cancellation may come between the start of an attempt and its run. */
  follow(jobId: string): void {
    this.#followed.set(jobId, { heard: false, running: undefined });
  }

  unfollow(jobId: string): void {
    const followed = this.#followed.get(jobId);
    // A Map may keep what was deleted from it for long: then not the whole attempt.
    if (followed !== undefined) followed.running = undefined;
    this.#followed.delete(jobId);
  }

  /** Aborts the attempt if its job, which must be followed, was cancelled or will be, or when the worker closes. */
  guard(attempt: Attempt, abort: AttemptAbort): Pick<Running, 'over' | 'firstLook'> {
    const running = new Running(attempt, abort);
    const followed = this.#followed.get(attempt.delivery.jobId);
    if (followed !== undefined) followed.running = running;
    if (followed?.heard === true) {
      running.firstLook = this.#look(running);
      void this.#lookUp(running);
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
    followed.heard = true;
    if (followed.running !== undefined) void this.#lookUp(followed.running);
  }

  async #lookUp(running: Running): Promise<void> {
    for (const ms of LOOKS_AFTER_MS) {
      await pause(ms);
      if (running.isOver || (await this.#look(running)) === 'moved on') return;
    }
    running.attempt.logger.debug('heard of a cancellation that is not in the log');
  }

  /** Looks at all running attempts, several at a time; those about to run are looked at when they do. */
  async #sweep(): Promise<void> {
    for (const followed of this.#followed.values()) followed.heard = true;
    const all = [...this.#followed.values()].flatMap(({ running }) => running ?? []).values();
    await Promise.all(
      Array.from({ length: SWEEP_LANES }, async () => {
        for (const running of all) await this.#lookOnce(running);
      }),
    );
  }

  async #lookOnce(running: Running): Promise<void> {
    for (const ms of SWEEP_LOOKS_AFTER_MS) {
      await pause(ms);
      if (running.isOver || (await this.#look(running)) !== 'unknown') return;
    }
  }

  async #look(running: Running): Promise<'runs' | 'moved on' | 'unknown'> {
    const snapshot = await this.#read(running.attempt);
    if (snapshot === undefined) return 'unknown';
    if (running.isOver || !this.#hasMovedOn(running, snapshot)) return 'runs';
    if (snapshot.job.status === 'cancelled') running.abort.cancelled();
    else running.abort.overtaken();
    return 'moved on';
  }

  async #read({ delivery }: Attempt): Promise<JobSnapshot | undefined> {
    try {
      return await this.#options.eventLog.readJob(delivery.jobId, delivery.jobType);
    } catch {
      return undefined;
    }
  }

  /** A replica may still show the job as it was before this attempt: that says nothing. */
  #hasMovedOn({ attempt, started }: Running, { job, sequence }: JobSnapshot): boolean {
    if (sequence <= started) return false;
    const { workerName } = this.#options;
    return !(job.status === 'processing' && job.attempt === attempt.number && job.worker === workerName);
  }
}
