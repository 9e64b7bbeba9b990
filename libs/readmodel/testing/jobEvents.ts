import { randomUUID } from 'node:crypto';
import type { JobEvent, JobEventName, JobEventOf } from '@jobstream/domain';
import type { ProjectableEntry } from '@jobstream/readmodel';

type Data<Name extends JobEventName> = Partial<JobEventOf<Name>['data']>;

const creation = {
  payload: { to: 'user@example.com' },
  maxAttempts: 3,
  backoff: { type: 'exponential', delayMs: 1_000, maxDelayMs: 60_000, jitter: 0.2 },
  timeoutMs: 60_000,
  tags: [],
} as const;

const carried = {
  ...creation,
  status: 'pending',
  attempt: 0,
  createdAt: '2026-01-01T00:00:01.000Z',
  updatedAt: '2026-01-01T00:00:01.000Z',
} as const;

const steps = [{ name: 'charge', result: 'paid', durationMs: 5, attempt: 1, at: '2026-01-01T00:00:01.000Z' }] as const;

const defaults: { [Name in JobEventName]: JobEventOf<Name>['data'] } = {
  JobCreated: creation,
  JobCreatedWithPriority: { ...creation, priority: 'high' },
  JobStarted: { attempt: 1, worker: 'worker-1' },
  JobProgressed: { attempt: 1, percent: 50 },
  JobStepsRecorded: { attempt: 1, from: 0, steps: [{ name: 'charge', result: 'paid', durationMs: 5 }] },
  JobSuspended: { attempt: 1, until: '2026-01-01T02:00:00.000Z', ranMs: 5 },
  JobResumed: { attempt: 1, worker: 'worker-2' },
  JobCompleted: { attempt: 1, durationMs: 5 },
  JobRetryScheduled: {
    attempt: 1,
    error: { name: 'Error', message: 'no' },
    retryAt: '2026-01-01T01:00:00.000Z',
    durationMs: 5,
  },
  JobFailed: { attempt: 1, error: { name: 'Error', message: 'no' }, reason: 'unrecoverable' },
  JobCancelled: {},
  JobRequeued: {},
  JobRequeuedWithPriority: { priority: 'high' },
  JobPriorityChanged: { priority: 'high' },
  JobDueNow: {},
  JobRevised: { payload: { to: 'other@example.com' } },
  JobPayloadChanged: { payload: { to: 'other@example.com' } },
  JobSignalled: { name: 'approved', payload: { by: 'ann' } },
  JobReleased: { attempt: 1, reason: 'shutdown' },
  JobCarried: carried,
  JobCarriedWithSteps: { ...carried, stepsRecorded: 1, steps },
  JobCarriedWaiting: {
    ...carried,
    status: 'waiting',
    attempt: 1,
    runAt: '2026-01-01T02:00:00.000Z',
    ranMs: 5,
    stepsRecorded: 1,
    steps,
  },
};

/** Makes events of one job, each a second after the one before; what `data` does not name has a plain default. */
export class JobEvents {
  readonly jobId: string;
  readonly jobType: string;
  #count = 0;

  constructor({ jobId = randomUUID(), jobType = 'email' }: { jobId?: string; jobType?: string } = {}) {
    this.jobId = jobId;
    this.jobType = jobType;
  }

  next<Name extends JobEventName>(event: Name, data: Data<Name> = {}, envelope: Partial<JobEvent> = {}): JobEvent {
    this.#count += 1;
    return {
      v: 1,
      event,
      id: randomUUID(),
      jobId: this.jobId,
      jobType: this.jobType,
      version: this.#count,
      at: new Date(Date.UTC(2026, 0, 1) + this.#count * 1_000).toISOString(),
      actor: { kind: 'worker', id: 'test' },
      data: { ...defaults[event], ...data },
      ...envelope,
    } as JobEvent;
  }
}

/** The events as a follower of the log gets them, with sequences from `from` on. */
export function entriesOf(events: readonly JobEvent[], from = 1): ProjectableEntry[] {
  return events.map((event, index) => ({ kind: 'event', sequence: from + index, recordedAt: event.at, event }));
}
