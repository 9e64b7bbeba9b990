import { hash } from 'node:crypto';
import { decide, isRejection, uuidV8, type JobEvent } from '@jobstream/domain';
import type { commandContext } from './commandContext.ts';
import { jobSettings, type CreateJobRequest } from './createJobRequest.ts';
import type { IdempotentIdentity } from './idempotency.ts';
import { rejectionProblem } from '../problems/rejectionProblem.ts';

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
  const decision = decide(
    { kind: 'CreateJob', ...context, ...within(context.tenant, identity), ...settings },
    undefined,
  );
  if (isRejection(decision)) throw rejectionProblem(decision);
  return decision;
}

/** The keys of one tenant are not those of another. A NUL, which no key has, keeps them apart from keys without a tenant. */
function within(tenant: string | undefined, identity: NewIdentity): NewIdentity {
  if (tenant === undefined || identity.fingerprint === undefined) return identity;
  const digest = hash('sha256', `tenant\0${tenant}\0${identity.idempotencyKey}`);
  return { ...identity, jobId: uuidV8(digest), idempotencyKey: digest };
}
