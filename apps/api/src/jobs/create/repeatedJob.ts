import type { CreateJobRequest } from '@jobstream/creation';
import type { Job } from '@jobstream/domain';

/** The request for a job like an earlier one: its type, payload, settings, priority and unique rule, unless others are given. */
export function requestLike(
  { type, payload, maxAttempts, backoff, timeoutMs, tags, unique, priority }: Job,
  given: Partial<CreateJobRequest>,
): CreateJobRequest {
  const kept = { ...(unique === undefined ? {} : { unique }), ...(priority === undefined ? {} : { priority }) };
  return { type, payload, maxAttempts, backoff, timeoutMs, tags, ...kept, ...given };
}

/** What the creation of a job says of the one that it repeats, and why it does. */
export function originOfRepetition({ id }: Pick<Job, 'id'>, reason: string | null | undefined) {
  return { rerunOf: id, ...(reason == null ? {} : { reason }) };
}
