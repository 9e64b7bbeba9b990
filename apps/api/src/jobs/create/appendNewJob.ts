import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { decide, isRejection, type Job, type JobEvent, uuidV8 } from '@jobstream/domain';
import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { ApiDeps } from '../../apiDeps.ts';
import type { commandContext } from '../../auth/caller.ts';
import { Problem } from '../../problems/problem.ts';
import { problemOfRejection } from '../../problems/toProblem.ts';
import { type CreateJobRequest, jobSettings } from './createJobRequest.ts';
import type { IdempotentIdentity } from './idempotency.ts';

/** A creation that lost may learn so a moment before the winner can be read. */
const LOOKS = 10;

const PAUSE_MS = 50;

/** Jobs of a batch that are looked for at once. */
const LANES = 50;

/** Where a new job is, and what tells a repeated request for it. */
export type NewIdentity = IdempotentIdentity | { readonly jobId: string; readonly fingerprint?: never };

export interface NewJob {
  readonly request: CreateJobRequest;
  readonly identity: NewIdentity;
  readonly context: ReturnType<typeof commandContext>;
}

/** The first event of the job that a request asks for. */
export function creationEvent({ request, identity, context }: NewJob): JobEvent {
  const settings = jobSettings(request, Date.parse(context.at));
  const decision = decide(
    { kind: 'CreateJob', ...context, ...within(context.tenant, identity), ...settings },
    undefined,
  );
  if (isRejection(decision)) throw problemOfRejection(decision);
  return decision;
}

/** The keys of one tenant are not those of another. A NUL, which no key has, keeps them apart from keys without a tenant. */
function within(tenant: string | undefined, identity: NewIdentity): NewIdentity {
  if (tenant === undefined || identity.fingerprint === undefined) return identity;
  const digest = hash('sha256', `tenant\0${tenant}\0${identity.idempotencyKey}`);
  return { ...identity, jobId: uuidV8(digest), idempotencyKey: digest };
}

type AppendDeps = Pick<ApiDeps, 'log' | 'table'>;

/** Appends the first event of a job. False when the job exists: only an id that was derived from a key can be there already. */
export function appendNewJob(event: JobEvent, deps: AppendDeps): Promise<boolean> {
  return unlessThere([event], () => deps.log.append(event, 0), deps);
}

/** The same for many jobs, all or none. False when one of them exists; then nothing was stored. */
export function appendNewJobs(events: readonly JobEvent[], deps: AppendDeps): Promise<boolean> {
  return unlessThere(events, () => deps.log.appendAll(events), deps);
}

async function unlessThere(
  events: readonly JobEvent[],
  append: () => Promise<number>,
  { log, table }: AppendDeps,
): Promise<boolean> {
  // The log itself takes a job that it has forgotten for a new one.
  if (log.expiresPermanently && (await isInTable(events.filter(hasKey), table))) return false;
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

async function isInTable(events: readonly JobEvent[], table: ApiDeps['table']): Promise<boolean> {
  for (let looked = 0; looked < events.length; looked += LANES) {
    const rows = await Promise.all(events.slice(looked, looked + LANES).map(({ jobId }) => table.findJob(jobId)));
    if (rows.some((row) => row !== undefined)) return true;
  }
  return false;
}

type EarlierDeps = Pick<ApiDeps, 'log' | 'table' | 'servedVersions'>;

/** The job that made a creation conflict, which the caller will be shown. The log knows best; the table may know jobs that the log has let go. */
export async function existingJob(id: string, deps: EarlierDeps): Promise<Job> {
  for (let looks = 1; looks <= LOOKS; looks++) {
    const job = await findExistingJob(id, deps);
    if (job !== undefined) return job;
    await pause(PAUSE_MS);
  }
  throw new Problem('log-unavailable');
}

/** The same, or undefined if there is none. */
export async function findExistingJob(
  id: string,
  { log, table, servedVersions }: EarlierDeps,
): Promise<Job | undefined> {
  const job = (await log.readJob(id))?.job ?? (await table.findJob(id))?.job;
  if (job !== undefined) servedVersions.record(job);
  return job && log.contents.openJob(job);
}
