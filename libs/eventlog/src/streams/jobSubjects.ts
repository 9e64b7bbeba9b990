import { isCreation, jobEventNames, jobEvents } from '@jobstream/domain';
import type { JobEvent, JobEventName, UnreadableEvent } from '@jobstream/domain';

/** Returns the subject of an event: `jobs.<type>.<id>.<event>`. */
export function eventSubject(event: JobEvent): string {
  return `jobs.${event.jobType}.${event.jobId}.${jobEvents[event.event].token}`;
}

const tokenOf = new Map<string, string>(jobEventNames.map((name) => [name, jobEvents[name].token]));
const knownTokens = new Set(tokenOf.values());

/** Whether the subject is one of the job and of the event; an unknown event has none of the known ones. */
export function isSubjectOf(subject: string, { jobId, jobType, name }: UnreadableEvent): boolean {
  const prefix = `jobs.${jobType}.${jobId}.`;
  const token = subject.slice(prefix.length);
  if (!subject.startsWith(prefix) || token.includes('.')) return false;
  return tokenOf.has(name) ? token === tokenOf.get(name) : !knownTokens.has(token);
}

/** Returns the filter of all events of a job: `jobs.<type>.<id>.>`, with `*` for an unknown type. */
export function jobFilter(jobId: string, jobType = '*'): string {
  return `jobs.${jobType}.${jobId}.>`;
}

/** Where the token of the event begins in a subject `jobs.<type>.<id>.<token>`. */
export function tokenIndex(subject: string): number {
  return subject.indexOf('.', subject.indexOf('.', subject.indexOf('.') + 1) + 1) + 1;
}

/**
 * Returns the filter that the expectation of an append to `subject` is checked against. Replicated servers compare these filters as
 * strings, so every writer must send exactly this one. A creation can only race another creation of the same id, which
 * sends the same filter: with an idempotency key it covers all types, since the key is the identity; else it is the
 * event's own subject, which the server finds without a search and which every job has that is created by a JobCreated.
 */
export function expectationFilter(event: JobEvent, subject: string): string {
  if (!isCreation(event)) return jobFilter(event.jobId, event.jobType);
  const mayCompareItself = event.event === 'JobCreated' && event.data.idempotencyKey === undefined;
  return mayCompareItself ? subject : jobFilter(event.jobId);
}

/** Returns the filter of all events of this name of a job type: `jobs.<type>.*.<event>`. */
export function eventFilter(event: JobEventName, jobType: string): string {
  return `jobs.${jobType}.*.${jobEvents[event].token}`;
}

/** Returns the id of the job in a subject `jobs.<type>.<id>.<event>`. */
export function jobIdOfSubject(subject: string): string {
  return subject.split('.')[2] ?? '';
}

/** Returns the subject of a job's timer; publishing to it again replaces the timer. */
export function wakeSubject(jobId: string, jobType: string): string {
  return `timers.at.${jobType}.${jobId}`;
}

/** Returns the subject to which the timers of a job type fire. */
export function dueSubject(jobType: string): string {
  return `timers.due.${jobType}`;
}
