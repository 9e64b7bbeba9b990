import { setTimeout as pause } from 'node:timers/promises';
import { LogUnavailableError } from './errors.ts';
import { scheduleHeaders } from './headers.ts';
import type { Publisher, PublishOutcome } from './publisher.ts';
import { dueSubject, wakeSubject } from './subjects.ts';

export interface Wake {
  readonly jobId: string;
  readonly jobType: string;
  /** RFC 3339, UTC; an instant in the past means at once. */
  readonly at: string;
}

const PAUSE_MS = 50;

/**
 * Wakes jobs up by the server's own message schedules. The schedule's subject is the job, so asking twice replaces the
 * first wish, and an unknown outcome is simply tried again. A timer may fire more than once: the job's state decides
 * whether that still means anything.
 */
export class WakeScheduler {
  readonly #publisher: Publisher;
  readonly #deadlineMs: number;

  constructor(publisher: Publisher, deadlineMs: number) {
    this.#publisher = publisher;
    this.#deadlineMs = deadlineMs;
  }

  async schedule(wake: Wake, traceparent?: string): Promise<void> {
    const deadline = performance.now() + this.#deadlineMs;
    let outcome = await this.#publish(wake, traceparent);
    while (outcome.kind !== 'stored') {
      if (performance.now() >= deadline)
        throw new LogUnavailableError(`the wake-up of job ${wake.jobId} was not stored`);
      await pause(PAUSE_MS);
      outcome = await this.#publish(wake, traceparent);
    }
  }

  #publish({ jobId, jobType, at }: Wake, traceparent: string | undefined): Promise<PublishOutcome> {
    const body = Buffer.from(JSON.stringify({ jobId, jobType, at }));
    const headers = scheduleHeaders(at, dueSubject(jobType), traceparent);
    return new Promise((resolve) => this.#publisher.publish(wakeSubject(jobId, jobType), body, headers, resolve));
  }
}
