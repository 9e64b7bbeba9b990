import { randomUUID } from 'node:crypto';
import { decide, evolve, isRejection, type JobCommand, type JobEvent, type JobState } from '@jobstream/domain';

type Bare<Command> = Command extends unknown ? Omit<Command, 'eventId' | 'at' | 'actor'> : never;

type CreateOptions = Pick<
  Extract<JobCommand, { readonly kind: 'CreateJob' }>,
  'idempotencyKey' | 'runAt' | 'priority'
> & {
  readonly payload?: unknown;
  readonly maxAttempts?: number;
};

/** Makes the valid events of one job, one command after the other, without storing anything. */
export class JobScript {
  readonly jobId: string;
  readonly jobType: string;
  readonly events: JobEvent[] = [];
  #state: JobState;

  constructor({ jobId = randomUUID(), jobType = 'email' }: { jobId?: string; jobType?: string } = {}) {
    this.jobId = jobId;
    this.jobType = jobType;
  }

  create(options: CreateOptions = {}): JobEvent {
    const { jobId, jobType } = this;
    return this.next({
      kind: 'CreateJob',
      jobId,
      jobType,
      payload: { to: 'user@example.com' },
      maxAttempts: 5,
      backoff: { type: 'fixed', delayMs: 10 },
      timeoutMs: 60_000,
      tags: [],
      ...options,
    });
  }

  start(): JobEvent {
    return this.next({ kind: 'StartAttempt', worker: 'w1' });
  }

  complete(result?: unknown): JobEvent {
    return this.next({ kind: 'CompleteAttempt', attempt: this.#attempt(), durationMs: 1, result });
  }

  fail(): JobEvent {
    const error = { name: 'Error', message: 'no' };
    return this.next({
      kind: 'FailAttempt',
      attempt: this.#attempt(),
      error,
      cause: 'error',
      random: 0,
      durationMs: 1,
    });
  }

  next(command: Bare<JobCommand>): JobEvent {
    // A minute later each time, so that whatever the job waits for is due.
    const at = new Date(Date.now() + this.events.length * 60_000).toISOString();
    const context = { eventId: randomUUID(), at, actor: { kind: 'worker', id: 'test' } } as const;
    const event = decide({ ...command, ...context }, this.#state);
    if (isRejection(event)) throw new Error(event.detail);
    this.#state = evolve(this.#state, event);
    this.events.push(event);
    return event;
  }

  #attempt(): number {
    return this.#state?.attempt ?? 0;
  }
}
