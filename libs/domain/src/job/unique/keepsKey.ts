import { awaitsFirstStart, isTerminal, type Job } from '../job.ts';
import type { Unique } from '../settings/unique.ts';

/** Whether the job keeps another one with its key from being created, by its rule or that of the other; `now` is in milliseconds. */
export function keepsKey(job: Job, other: Unique | undefined, now: number): boolean {
  return [job.unique, other].some((rule) => rule !== undefined && holds(rule, job, now));
}

function holds({ while: state, forMs }: Unique, job: Job, now: number): boolean {
  if (forMs !== undefined) return now < Date.parse(job.createdAt) + forMs;
  // Whatever a newer release has done to it, it may not have ended.
  if (job.unreadableEvents !== undefined) return true;
  if (state === 'unfinished') return !isTerminal(job.status);
  return awaitsFirstStart(job);
}
