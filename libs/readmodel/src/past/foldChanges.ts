import { evolve } from '@jobstream/domain';
import type { Job, JobStatus } from '@jobstream/domain';
import type { FoldableEntry } from '../projection/projectableEntry.ts';
import { storableInstant } from '../postgres/storableValues.ts';

/** A job as the follower knows it: the parts of its state with which the fold decides, and since when its status holds. */
export interface PastJob {
  readonly job: Job;
  readonly firstSequence: number;
  /** The sequence of the event that brought its status. */
  readonly since: number;
  /** The sequence of the last event that changed it. */
  readonly lastSequence: number;
}

/** A completed job has no state: nothing can follow. */
export type StateBefore = PastJob | 'completed';

/** The states of jobs by their ids; new ones have none. */
export type StatesBefore = ReadonlyMap<string, StateBefore | undefined>;

/** A change of a job's status. */
export interface PastChange {
  readonly sequence: number;
  /** When the server stored the event, but never before an earlier one: its clock may have been set back. */
  readonly at: string;
  readonly job: Job;
  readonly firstSequence: number;
  /** The status before, and the sequence since which it held; undefined for a new job. */
  readonly left: { readonly status: JobStatus; readonly since: number } | undefined;
}

/** What a batch of events has changed. */
export interface FoldedChanges {
  /** Those that were not known, without those that have completed since. */
  readonly newJobs: readonly PastJob[];
  /** Without those that have completed. */
  readonly changedJobs: readonly PastJob[];
  /** The ids of those that were known and have completed. */
  readonly completedJobs: readonly string[];
  readonly changes: readonly PastChange[];
  /** The time of the last event. */
  readonly lastAt: string;
}

/**
 * Folds events, oldest first, onto the states of their jobs.
 *
 * @param known the states before.
 * @param after the time of the last event before, '' for none.
 */
export function foldChanges(events: readonly FoldableEntry[], known: StatesBefore, after: string): FoldedChanges {
  const jobs = new Map<string, PastJob>();
  const changes: PastChange[] = [];
  let [lastAt, lastText] = [after, ''];
  for (const entry of events) {
    if (entry.recordedAt !== lastText) lastAt = later(lastAt, storableInstant(entry.recordedAt));
    lastText = entry.recordedAt; // many are stored in the same millisecond
    const { jobId } = entry.event;
    const before = jobs.get(jobId) ?? known.get(jobId);
    if (before === 'completed') continue;
    const past = step(before, entry);
    if (past === undefined) continue;
    jobs.set(jobId, past);
    if (past.since === entry.sequence) changes.push(changeOf(before, past, lastAt));
  }
  return { ...sorted(jobs, known), changes, lastAt };
}

function sorted(
  jobs: ReadonlyMap<string, PastJob>,
  known: StatesBefore,
): Pick<FoldedChanges, 'newJobs' | 'changedJobs' | 'completedJobs'> {
  const newJobs: PastJob[] = [];
  const changedJobs: PastJob[] = [];
  const completedJobs: string[] = [];
  for (const [jobId, past] of jobs) {
    const isNew = known.get(jobId) === undefined;
    if (past.job.status !== 'completed') (isNew ? newJobs : changedJobs).push(past);
    else if (!isNew) completedJobs.push(jobId);
  }
  return { newJobs, changedJobs, completedJobs };
}

function later(one: string, other: string): string {
  return other > one ? other : one;
}

/** The job after the event; undefined if that changes nothing. */
function step(before: PastJob | undefined, { event, sequence }: FoldableEntry): PastJob | undefined {
  const job = evolve(before?.job, event);
  if (job === undefined || job === before?.job) return undefined;
  if (before === undefined) return { job, firstSequence: sequence, since: sequence, lastSequence: sequence };
  const since = job.status === before.job.status ? before.since : sequence;
  return { ...before, job, since, lastSequence: sequence };
}

function changeOf(before: PastJob | undefined, past: PastJob, at: string): PastChange {
  const left = before && { status: before.job.status, since: before.since };
  return { sequence: past.since, at, job: past.job, firstSequence: past.firstSequence, left };
}
