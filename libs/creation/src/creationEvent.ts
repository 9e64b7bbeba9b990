import { hash } from 'node:crypto';
import {
  decide,
  isRejection,
  jobSettings,
  type Actor,
  type HoldingDefinition,
  type JobEvent,
  uuidV8,
} from '@jobstream/domain';
import type { CreateJobRequest } from './createJobRequest.ts';
import type { IdempotentIdentity } from './idempotency.ts';

/** The id of a new job, and with an idempotency key what identifies a repeated request. */
export type NewIdentity = IdempotentIdentity | { readonly jobId: string; readonly fingerprint?: never };

export interface NewJob {
  readonly request: CreateJobRequest;
  readonly identity: NewIdentity;
  /** The definition of the job's type, for what the request leaves out. */
  readonly definition?: HoldingDefinition | undefined;
  /** What an operator says who asks for it. */
  readonly origin?: { readonly rerunOf?: string; readonly reason?: string };
  readonly context: {
    readonly eventId: string;
    /** The server's time, from which `delayMs` counts. */
    readonly at: string;
    readonly actor: Actor;
    readonly causationId?: string;
    readonly correlationId?: string;
    readonly tenant?: string;
  };
}

/** Decides the `JobCreated` event of a request. */
export function creationEvent(job: NewJob): JobEvent {
  return decideCreation(job, within(job.context.tenant, job.identity));
}

/** As creationEvent, with the identity that the tenant's key has, as an outbox stores it. */
export function scopedCreationEvent(job: NewJob): JobEvent {
  return decideCreation(job, job.identity);
}

function decideCreation({ request, definition, origin, context }: NewJob, identity: NewIdentity): JobEvent {
  const settings = jobSettings(request, Date.parse(context.at), definition);
  const decision = decide({ kind: 'CreateJob', ...context, ...identity, ...origin, ...settings }, undefined);
  if (isRejection(decision)) throw new Error(`a new job was rejected: ${decision.detail}`);
  return decision;
}

/** Scopes a key to its tenant. A NUL, which no key contains, separates it from keys without a tenant. */
function within(tenant: string | undefined, identity: NewIdentity): NewIdentity {
  if (tenant === undefined || identity.fingerprint === undefined) return identity;
  const digest = hash('sha256', `tenant\0${tenant}\0${identity.idempotencyKey}`);
  return { ...identity, jobId: uuidV8(digest), idempotencyKey: digest };
}
