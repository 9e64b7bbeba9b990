import type { Lane } from '@jobstream/domain';
import { plainHeaders, scheduleHeaders } from '../connection/headers.ts';
import type { ServerClock } from '../connection/serverClock.ts';
import { publishUntilStored, type OutgoingMessage, type Publisher } from '../connection/publisher.ts';
import { LogUnavailableError } from '../errors.ts';
import { dueSubject, wakeSubject } from '../streams/jobSubjects.ts';

/** A request to deliver a job again at an instant. */
export interface Wake {
  readonly jobId: string;
  readonly jobType: string;
  /** RFC 3339, UTC; an instant in the past means at once. */
  readonly at: string;
  /** Of the job, so that the delivery goes the way of its calls for work; undefined for normal. */
  readonly priority?: Lane | undefined;
}

/** How long before its time a timer may fire. */
export const MAX_EARLY_MS = 30_000;
/** Timers of one second that fire in time, per process. */
const IN_TIME = 250;
/** Further timers fire this many per second in the seconds before. */
const EARLY_PER_SECOND = 200;
const REMEMBERED_SECONDS = 10_000;

/**
 * Sets the timers of delayed jobs and retries as message schedules of the server. The schedule's subject is the job, so
 * setting a timer again replaces the first, and after an unknown outcome it is simply set again. A timer may fire more
 * than once, and early if many are due in the same second: the time in its body and the job's state decide what it means.
 */
export class TimerScheduler {
  readonly #publisher: Publisher;
  readonly #deadlineMs: number;
  readonly #clock: Pick<ServerClock, 'now'>;
  readonly #spread = new TimerSpread();

  constructor(publisher: Publisher, deadlineMs: number, clock: Pick<ServerClock, 'now'>) {
    this.#publisher = publisher;
    this.#deadlineMs = deadlineMs;
    this.#clock = clock;
  }

  /** Sets the timer of a job. Rejects with LogUnavailableError after the deadline. */
  async schedule({ jobId, jobType, at, priority }: Wake, traceparent?: string): Promise<void> {
    const message = {
      subject: wakeSubject(jobId, jobType),
      body: JSON.stringify({ jobId, jobType, at }),
      headers: scheduleHeaders(this.#firesAt(at), dueSubject(jobType, priority), traceparent),
    };
    await this.#publish(message, jobId);
  }

  /**
   * Delivers a job at once, as if the timer for the instant `at` had fired. Its timer stays as it is, and whoever sets that at
   * the same moment replaces nothing. Rejects with LogUnavailableError after the deadline.
   */
  async fire({ jobId, jobType, at, priority }: Wake, traceparent?: string): Promise<void> {
    const body = JSON.stringify({ jobId, jobType, at });
    await this.#publish({ subject: dueSubject(jobType, priority), body, headers: plainHeaders(traceparent) }, jobId);
  }

  async #publish(message: OutgoingMessage, jobId: string): Promise<void> {
    const refusal = await publishUntilStored(this.#publisher, message, this.#deadlineMs);
    if (refusal !== undefined)
      throw new LogUnavailableError(`the timer of job ${jobId} was not stored: ${refusal.description}`);
  }

  #firesAt(at: string): string {
    const dueAt = Date.parse(at);
    const earlyMs = this.#spread.earlyMs(dueAt, this.#clock.now());
    return earlyMs === 0 ? at : new Date(dueAt - earlyMs).toISOString();
  }
}

/**
 * Computes how early timers that are due in the same second fire. The server makes each fired timer durable on its own,
 * which can take a millisecond, so a herd of them would block it long after that second. The timers that this process
 * sets beyond the first 250 of a second fire ahead of it, spread evenly, and wait in their consumer.
 */
export class TimerSpread {
  /** Timers set for each second since 1970, in the order in which the seconds were first seen. */
  readonly #timers = new Map<number, number>();

  /** Both in milliseconds since 1970. At most half of the remaining time, so that the timer is stored by then. */
  earlyMs(dueAt: number, now: number): number {
    const second = Math.floor(dueAt / 1_000);
    const before = this.#timers.get(second) ?? 0;
    this.#timers.set(second, before + 1);
    if (this.#timers.size > REMEMBERED_SECONDS) this.#dropOldest();
    const wished = (Math.max(0, before - IN_TIME) * 1_000) / EARLY_PER_SECOND;
    return Math.floor(Math.min(wished % MAX_EARLY_MS, Math.max(0, dueAt - now) / 2));
  }

  #dropOldest(): void {
    const [first] = this.#timers.keys();
    if (first !== undefined) this.#timers.delete(first);
  }
}
