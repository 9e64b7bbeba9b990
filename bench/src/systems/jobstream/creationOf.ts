import { randomUUID } from 'node:crypto';
import { decide, defaultBackoff, isRejection, type JobEvent } from '@jobstream/domain';
import type { Payload } from '../jobSystem.ts';

export const JOB_TYPE = 'bench';

/** JobCreated for a new job, as the API makes it. */
export function creationOf(payload: Payload): JobEvent {
  const decision = decide(
    {
      kind: 'CreateJob',
      eventId: randomUUID(),
      at: new Date().toISOString(),
      actor: { kind: 'api', id: 'bench' },
      jobId: crypto.randomUUID(),
      jobType: JOB_TYPE,
      maxAttempts: 5,
      backoff: defaultBackoff,
      timeoutMs: 60_000,
      tags: [],
      payload: { n: payload.n, dueAt: payload.dueAt },
    },
    undefined,
  );
  if (isRejection(decision)) throw new Error(decision.detail);
  return decision;
}
