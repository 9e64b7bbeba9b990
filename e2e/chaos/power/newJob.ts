import { decide, defaultBackoff, isRejection } from '@jobstream/domain';
import type { JobEvent } from '@jobstream/domain';

/** The event that creates a job of its own. */
export function newJob(): JobEvent {
  const decision = decide(
    {
      kind: 'CreateJob',
      eventId: crypto.randomUUID(),
      at: new Date().toISOString(),
      actor: { kind: 'api', id: 'power' },
      jobId: crypto.randomUUID(),
      jobType: 'power',
      payload: { to: 'user@example.com' },
      maxAttempts: 5,
      backoff: defaultBackoff,
      timeoutMs: 60_000,
      tags: [],
    },
    undefined,
  );
  if (isRejection(decision)) throw new Error(decision.detail);
  return decision;
}
