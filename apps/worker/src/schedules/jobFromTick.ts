import { hash } from 'node:crypto';
import { decide, isRejection, jobSettings, jobTagsOf, requestOfTemplate, uuidV8 } from '@jobstream/domain';
import type { HoldingDefinition, JobEvent, Schedule } from '@jobstream/domain';
import type { Clock } from '@jobstream/worker/engine';

/**
 * Makes the JobCreated of one tick. The id is made of the schedule's name and the tick's time, so that a second creation
 * conflicts with the first. Their digest is the idempotency key as well, because the expectation must include all job
 * types: the template may have changed its type meanwhile. No client can send this key: a header cannot hold a NUL. The
 * definition gives the settings that the template leaves out.
 */
export function jobFromTick(
  schedule: Schedule,
  tickAt: string,
  { clock, definition }: { readonly clock: Clock; readonly definition?: HoldingDefinition | undefined },
): JobEvent {
  const { name, job, tenant } = schedule;
  const idempotencyKey = hash('sha256', `schedule\0${name}\0${tickAt}`);
  const at = clock.now();
  const decision = decide(
    {
      kind: 'CreateJob',
      eventId: clock.newId(),
      at,
      actor: { kind: 'scheduler', id: name },
      causationId: `${name}@${tickAt}`,
      jobId: uuidV8(idempotencyKey),
      idempotencyKey,
      ...(tenant === undefined ? {} : { tenant }),
      ...jobSettings(requestOfTemplate(job), Date.parse(at), definition),
      tags: jobTagsOf(schedule),
    },
    undefined,
  );
  if (isRejection(decision)) throw new Error(decision.detail);
  return decision;
}
