import { decide, defaultBackoff, isRejection, type JobEvent } from '@jobstream/domain';

/** Returns the JobCreated event of a new job with default settings, as the API creates it. */
export function newJob(payload: unknown = { to: 'user@example.com' }, jobType = 'bench'): JobEvent {
  const decision = decide(
    {
      kind: 'CreateJob',
      eventId: crypto.randomUUID(),
      at: new Date().toISOString(),
      actor: { kind: 'api', id: 'test' },
      jobId: crypto.randomUUID(),
      jobType,
      maxAttempts: 5,
      backoff: defaultBackoff,
      timeoutMs: 60_000,
      tags: [],
      payload,
    },
    undefined,
  );
  if (isRejection(decision)) throw new Error(decision.detail);
  return decision;
}
