import { decide, defaultBackoff, isRejection, type JobEvent } from '@jobstream/domain';

export const JOB_TYPE = 'bench';

/** The JobCreated of a new job, as the API makes it. */
export function newJob(payload: unknown, jobType = JOB_TYPE): JobEvent {
  const decision = decide(
    {
      kind: 'CreateJob',
      eventId: crypto.randomUUID(),
      at: new Date().toISOString(),
      actor: { kind: 'api', id: 'bench' },
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
