import { jobEvents } from '@jobstream/domain';
import type { JobEvent } from '@jobstream/domain';

/** `jobs.<type>.<id>.<event>`: where an event is stored. */
export function eventSubject(event: JobEvent): string {
  return `jobs.${event.jobType}.${event.jobId}.${jobEvents[event.event].token}`;
}

/** `jobs.<type>.<id>.>`, or with any type when it is not known. */
export function jobFilter(jobId: string, jobType = '*'): string {
  return `jobs.${jobType}.${jobId}.>`;
}

/**
 * What an append's expectation is checked against. Replicated servers compare these filters as strings, so every writer
 * must send exactly this one. A creation can only race another creation of the same id, which sends the same string: under
 * an idempotency key it looks at all types, since the key is the identity; else at its own subject, which the server finds
 * without a search, and no job has other events without this one.
 */
export function expectationFilter(event: JobEvent): string {
  if (event.event !== 'JobCreated') return jobFilter(event.jobId, event.jobType);
  return event.data.idempotencyKey === undefined ? eventSubject(event) : jobFilter(event.jobId);
}

/** Where new jobs of a type are. */
export function createdSubject(jobType: string): string {
  return `jobs.${jobType}.*.${jobEvents.JobCreated.token}`;
}

/** Where the jobs of a type that were requeued are. */
export function requeuedSubject(jobType: string): string {
  return `jobs.${jobType}.*.${jobEvents.JobRequeued.token}`;
}

/** Where the cancellations of a job type pass by. */
export function cancelledSubject(jobType: string): string {
  return `jobs.${jobType}.*.${jobEvents.JobCancelled.token}`;
}

/** The job that a subject `jobs.<type>.<id>.<event>` speaks of. */
export function jobIdOfSubject(subject: string): string {
  return subject.split('.')[2] ?? '';
}

/** The subject of a job's wake-up schedule is its identity: publishing it again replaces it. */
export function wakeSubject(jobId: string, jobType: string): string {
  return `timers.at.${jobType}.${jobId}`;
}

/** Where a wake-up goes when it is due. */
export function dueSubject(jobType: string): string {
  return `timers.due.${jobType}`;
}
