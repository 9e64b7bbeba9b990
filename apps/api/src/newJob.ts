import { decide, isRejection, type JobEvent } from '@jobstream/domain';
import type { commandContext } from './commandContext.ts';
import { jobSettings, type CreateJobRequest } from './createJobRequest.ts';
import type { IdempotentIdentity } from './idempotency.ts';
import { rejectionProblem } from './rejectionProblem.ts';

/** Where a new job is, and what tells a repeated request for it. */
export type NewIdentity = IdempotentIdentity | { readonly jobId: string; readonly fingerprint?: never };

export interface NewJobOrder {
  readonly request: CreateJobRequest;
  readonly identity: NewIdentity;
  readonly context: ReturnType<typeof commandContext>;
}

/** The first event of the job that a request asks for. */
export function newJob({ request, identity, context }: NewJobOrder): JobEvent {
  const settings = jobSettings(request, Date.parse(context.at));
  const decision = decide({ command: 'CreateJob', ...context, ...identity, ...settings }, undefined);
  if (isRejection(decision)) throw rejectionProblem(decision);
  return decision;
}
