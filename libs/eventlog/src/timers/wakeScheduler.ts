import { LogUnavailableError } from '../errors.ts';
import { scheduleHeaders } from '../connection/headers.ts';
import type { Publisher } from '../connection/publisher.ts';
import { publishUntilStored } from '../connection/publisher.ts';
import { dueSubject, wakeSubject } from '../streams/jobSubjects.ts';
import { TimerSpread } from './timerSpread.ts';

export interface Wake {
  readonly jobId: string;
  readonly jobType: string;
  /** RFC 3339, UTC; an instant in the past means at once. */
  readonly at: string;
}

/**
 * Wakes jobs up by the server's own message schedules. The schedule's subject is the job, so asking twice replaces the
 * first wish, and an unknown outcome is simply tried again. A timer may fire more than once, and early if many are due
 * at the same time: the time in its body and the job's state decide whether that means anything.
 */
export class WakeScheduler {
  readonly #publisher: Publisher;
  readonly #deadlineMs: number;
  readonly #spread = new TimerSpread();

  constructor(publisher: Publisher, deadlineMs: number) {
    this.#publisher = publisher;
    this.#deadlineMs = deadlineMs;
  }

  async schedule({ jobId, jobType, at }: Wake, traceparent?: string): Promise<void> {
    const message = {
      subject: wakeSubject(jobId, jobType),
      body: JSON.stringify({ jobId, jobType, at }),
      headers: scheduleHeaders(this.#firesAt(at), dueSubject(jobType), traceparent),
    };
    const refusal = await publishUntilStored(this.#publisher, message, this.#deadlineMs);
    if (refusal !== undefined)
      throw new LogUnavailableError(`the wake-up of job ${jobId} was not stored: ${refusal.description}`);
  }

  #firesAt(at: string): string {
    const dueAt = Date.parse(at);
    const earlyMs = this.#spread.earlyMs(dueAt, Date.now());
    return earlyMs === 0 ? at : new Date(dueAt - earlyMs).toISOString();
  }
}
