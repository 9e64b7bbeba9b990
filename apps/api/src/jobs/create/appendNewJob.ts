import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { decide, isRejection, type Job, type JobEvent, uuidV8 } from '@jobstream/domain';
import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { ApiDeps } from '../../apiDeps.ts';
import type { commandContext } from '../../auth/caller.ts';
import { invalidRequest } from '../../http/decodeBody.ts';
import { type FieldError, Problem } from '../../problems/problem.ts';
import { problemOfRejection } from '../../problems/toProblem.ts';
import { type CreateJobRequest, jobSettings } from './createJobRequest.ts';
import type { IdempotentIdentity } from './idempotency.ts';

/** A creation that lost a race may learn so a moment before the winner can be read. */
const MAX_READS = 10;

const PAUSE_MS = 50;

/** Concurrent lookups for a batch. */
const CONCURRENCY = 50;

/** The id of a new job, and with an idempotency key what identifies a repeated request. */
export type NewIdentity = IdempotentIdentity | { readonly jobId: string; readonly fingerprint?: never };

export interface NewJob {
  readonly request: CreateJobRequest;
  readonly identity: NewIdentity;
  readonly context: ReturnType<typeof commandContext>;
}

/** Decides the `JobCreated` event of a request. */
export function creationEvent({ request, identity, context }: NewJob): JobEvent {
  const settings = jobSettings(request, Date.parse(context.at));
  const decision = decide(
    { kind: 'CreateJob', ...context, ...within(context.tenant, identity), ...settings },
    undefined,
  );
  if (isRejection(decision)) throw problemOfRejection(decision);
  return decision;
}

/** Scopes a key to its tenant. A NUL, which no key contains, separates it from keys without a tenant. */
function within(tenant: string | undefined, identity: NewIdentity): NewIdentity {
  if (tenant === undefined || identity.fingerprint === undefined) return identity;
  const digest = hash('sha256', `tenant\0${tenant}\0${identity.idempotencyKey}`);
  return { ...identity, jobId: uuidV8(digest), idempotencyKey: digest };
}

type AppendDeps = Pick<ApiDeps, 'log' | 'table'>;

/**
 * Appends the first event of a job.
 *
 * @returns false when the job exists, which only happens to an id derived from an idempotency key.
 */
export function appendNewJob(event: JobEvent, deps: AppendDeps): Promise<boolean> {
  return unlessExists([event], () => deps.log.append(event, 0), deps);
}

/**
 * Like appendNewJob, but for a job that the check of its payload refuses with `errors`. A repeated request is answered
 * with its job even so, since the schema may have changed after the first.
 *
 * @throws Problem `invalid-request` if there are errors and the job does not exist.
 */
export async function appendCheckedJob(
  event: JobEvent,
  errors: readonly FieldError[],
  deps: AppendDeps & ReadDeps,
): Promise<boolean> {
  if (errors.length === 0) return appendNewJob(event, deps);
  await assertRepeated([event], errors, deps);
  return false;
}

/**
 * Appends the first events of many jobs atomically, with `errors` as in appendCheckedJob.
 *
 * @returns false when one of the jobs exists; then nothing was stored.
 */
export async function appendCheckedJobs(
  events: readonly JobEvent[],
  errors: readonly FieldError[],
  deps: AppendDeps & ReadDeps,
): Promise<boolean> {
  if (errors.length === 0) return unlessExists(events, () => deps.log.appendAll(events), deps);
  await assertRepeated(events, errors, deps);
  return false;
}

async function assertRepeated(
  events: readonly JobEvent[],
  errors: readonly FieldError[],
  deps: ReadDeps,
): Promise<void> {
  const find = ({ jobId }: JobEvent) => findExistingJob(jobId, deps);
  if (!(await anyFound(events.filter(hasKey), find))) throw invalidRequest(errors);
}

async function unlessExists(
  events: readonly JobEvent[],
  append: () => Promise<number>,
  { log, table }: AppendDeps,
): Promise<boolean> {
  // The log accepts a job again whose events have expired.
  const find = ({ jobId }: JobEvent) => table.findJob(jobId);
  if (log.expiresPermanently && (await anyFound(events.filter(hasKey), find))) return false;
  try {
    await append();
    return true;
  } catch (error) {
    if (error instanceof ConcurrentAppendError) return false;
    throw error;
  }
}

function hasKey({ event, data }: JobEvent): boolean {
  return event === 'JobCreated' && data.idempotencyKey !== undefined;
}

async function anyFound(
  events: readonly JobEvent[],
  find: (event: JobEvent) => Promise<object | undefined>,
): Promise<boolean> {
  for (let checked = 0; checked < events.length; checked += CONCURRENCY) {
    const found = await Promise.all(events.slice(checked, checked + CONCURRENCY).map(find));
    if (found.some((job) => job !== undefined)) return true;
  }
  return false;
}

type ReadDeps = Pick<ApiDeps, 'log' | 'table' | 'servedVersions'>;

/**
 * Finds the job that a creation conflicted with, in the log, or in the table if its events have expired.
 *
 * @throws Problem `log-unavailable` if it cannot be read within half a second.
 */
export async function existingJob(id: string, deps: ReadDeps): Promise<Job> {
  for (let reads = 1; reads <= MAX_READS; reads++) {
    const job = await findExistingJob(id, deps);
    if (job !== undefined) return job;
    await pause(PAUSE_MS);
  }
  throw new Problem('log-unavailable');
}

/** Like existingJob, but returns undefined if there is none. */
export async function findExistingJob(id: string, { log, table, servedVersions }: ReadDeps): Promise<Job | undefined> {
  const job = (await log.readJob(id))?.job ?? (await table.findJob(id))?.job;
  if (job !== undefined) servedVersions.record(job);
  return job && log.contents.openJob(job);
}
