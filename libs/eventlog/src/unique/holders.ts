import { keepsKey, type Job, type JobEvent, type Unique } from '@jobstream/domain';
import type { Claim } from '../append/appendRequest.ts';
import type { ServerClock } from '../connection/serverClock.ts';
import { UniqueKeyHeldError } from '../errors.ts';
import type { JobSnapshot } from '../read/jobReader.ts';
import type { ContentSealer } from '../sealing/contentSealer.ts';
import type { StoredClaim, UniqueClaims } from './uniqueClaims.ts';

/** The log, and what still has the jobs that the log has expired, if there is such a thing. */
export interface UniqueDeps {
  readonly log: {
    append(event: JobEvent, expectedSequence: number): Promise<number>;
    readJob(jobId: string, jobType?: string): Promise<JobSnapshot | undefined>;
    readonly clock: Pick<ServerClock, 'now'>;
    readonly contents: Pick<ContentSealer, 'openJob'>;
    readonly unique: Pick<UniqueClaims, 'deadlineMs' | 'inTurn' | 'keyOf' | 'newest'>;
  };
  readonly table?: { findJob(id: string): Promise<{ readonly job: Job } | undefined> };
}

/** What is known of a unique key. */
export interface KeyState {
  /** The sequence of its newest claim, 0 if there is none. */
  readonly after: number;
  /** The job that keeps others with the key from being created. */
  readonly holder?: Job;
}

/**
 * Reads who holds a unique key, by its own rule or by that of another job.
 *
 * @throws UniqueKeyHeldError if nobody has the job any more.
 */
export async function readKey(key: string, rule: Unique, deps: UniqueDeps): Promise<KeyState> {
  const claim = await deps.log.unique.newest(key);
  if (claim === undefined) return { after: 0 };
  const after = claim.sequence;
  const now = deps.log.clock.now();
  const job = await jobOf(claim, deps);
  if (job === undefined) assertOver(claim, now);
  // A stranger's claim could name any job, also of another tenant.
  if (job?.uniqueKey !== key || !keepsKey(job, rule, now)) return { after };
  return { after, holder: await deps.log.contents.openJob(job) };
}

/** Where the log lacks the job its creation was never stored; but if the claim was renewed, its events have expired. */
async function jobOf({ jobId, jobType, renewed }: StoredClaim, { log, table }: UniqueDeps): Promise<Job | undefined> {
  if (jobId === '') return undefined;
  // The claim of a batch can be seen a moment before its other message.
  const snapshot = (await log.readJob(jobId, jobType)) ?? (await log.readJob(jobId, jobType));
  if (snapshot !== undefined || renewed !== true) return snapshot?.job;
  return (await table?.findJob(jobId))?.job;
}

function assertOver({ jobId, until, renewed }: StoredClaim, now: number): void {
  if (renewed === true && until !== undefined && now < Date.parse(until)) throw new UniqueKeyHeldError(jobId, until);
}

/**
 * The claim with which an ended job takes its key again, to be appended with what brings it back. Undefined for a job that needs
 * none: only one that is unique while it is unfinished keeps others from being created again.
 *
 * @returns `holder` if another job has the key by now.
 */
export async function reclaim(
  job: Job,
  deps: UniqueDeps,
): Promise<{ readonly claim: Claim } | { readonly holder: Job } | undefined> {
  const { unique, uniqueKey: key } = job;
  if (unique?.while !== 'unfinished' || key === undefined) return undefined;
  const { after, holder } = await readKey(key, unique, deps);
  return holder === undefined || holder.id === job.id ? { claim: { key, after } } : { holder };
}
