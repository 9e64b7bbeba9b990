import { hash } from 'node:crypto';
import { decide, isRejection, jobTagsOf, uuidV8 } from '@jobstream/domain';
import type { JobEvent, Schedule } from '@jobstream/domain';
import type { Clock } from '@jobstream/worker/engine';

/**
 * Makes the JobCreated of one tick. The id is made of the schedule's name and the tick's time, so that a second creation
 * conflicts with the first. Their digest is the idempotency key as well, because the expectation must include all job
 * types: the template may have changed its type meanwhile. No client can send this key: a header cannot hold a NUL.
 */
export function jobFromTick(schedule: Schedule, tickAt: string, clock: Clock): JobEvent {
  const { name, job, tenant } = schedule;
  const idempotencyKey = hash('sha256', `schedule\0${name}\0${tickAt}`);
  const { type: jobType, ...settings } = job;
  const decision = decide(
    {
      kind: 'CreateJob',
      eventId: clock.newId(),
      at: clock.now(),
      actor: { kind: 'scheduler', id: name },
      causationId: `${name}@${tickAt}`,
      jobId: uuidV8(idempotencyKey),
      jobType,
      idempotencyKey,
      ...(tenant === undefined ? {} : { tenant }),
      ...settings,
      tags: jobTagsOf(schedule),
    },
    undefined,
  );
  if (isRejection(decision)) throw new Error(decision.detail);
  return decision;
}
