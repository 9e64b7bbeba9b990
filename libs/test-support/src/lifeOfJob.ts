import { randomUUID } from 'node:crypto';
import { uuidV7, type JobEvent } from '@jobstream/domain';

const actor = { kind: 'worker', id: 'worker-1' } as const;

/** Returns the events of a job of typical size that is created, started and completed. */
export function lifeOfJob(jobId: string, jobType = 'email'): JobEvent[] {
  const common = { v: 1, jobId, jobType, at: new Date().toISOString(), actor } as const;
  const created = {
    payload: { to: 'user@example.com', subject: 'Hello', text: 'A mail of a usual length, more or less.' },
    maxAttempts: 3,
    backoff: { type: 'exponential', delayMs: 1_000, maxDelayMs: 60_000, jitter: 0.2 },
    timeoutMs: 60_000,
    tags: ['usual'],
  } as const;
  const started = { attempt: 1, worker: 'worker-1' } as const;
  const completed = { attempt: 1, result: { accepted: ['user@example.com'] }, durationMs: 5 } as const;
  const [first, second, third] = [1, 2, 3].map(() => uuidV7(Date.now(), randomUUID())) as [string, string, string];
  return [
    { ...common, id: first, version: 1, event: 'JobCreated', data: created },
    { ...common, id: second, version: 2, event: 'JobStarted', causationId: first, data: started },
    { ...common, id: third, version: 3, event: 'JobCompleted', causationId: second, data: completed },
  ];
}
