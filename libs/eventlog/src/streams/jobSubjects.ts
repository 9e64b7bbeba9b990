import { isCreation, jobEventNames, lanes, tokenOf, tokensOf } from '@jobstream/domain';
import type { JobEvent, Lane, Priority, UnreadableEvent } from '@jobstream/domain';

/** Returns the subject of an event: `jobs.<type>.<id>.<event>`. */
export function eventSubject(event: JobEvent): string {
  return `jobs.${event.jobType}.${event.jobId}.${tokenOf(event)}`;
}

const tokensOfName = new Map<string, readonly string[]>(jobEventNames.map((name) => [name, tokensOf(name)]));
const knownTokens = new Set([...tokensOfName.values()].flat());

/** Whether the subject is one of the job and of the event; an unknown event has none of the known ones. */
export function isSubjectOf(subject: string, { jobId, jobType, name }: UnreadableEvent): boolean {
  const prefix = `jobs.${jobType}.${jobId}.`;
  const token = subject.slice(prefix.length);
  if (!subject.startsWith(prefix) || token.includes('.')) return false;
  return tokensOfName.get(name)?.includes(token) ?? !knownTokens.has(token);
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

/** Returns the filter of all events of a job type with this token: `jobs.<type>.*.<token>`. */
export function tokenFilter(token: string, jobType: string): string {
  return `jobs.${jobType}.*.${token}`;
}

/** Returns the id of the job in a subject `jobs.<type>.<id>.<event>`. */
export function jobIdOfSubject(subject: string): string {
  return subject.split('.')[2] ?? '';
}

/** Returns the subject of a job's timer; publishing to it again replaces the timer. */
export function wakeSubject(jobId: string, jobType: string): string {
  return `timers.at.${jobType}.${jobId}`;
}

/** Returns the subject to which the timers of a job type fire, of those jobs that have this priority. */
export function dueSubject(jobType: string, priority?: Lane): string {
  return `timers.${priority ?? 'due'}.${jobType}`;
}

/** Returns the priority of the jobs whose calls for work, or fired timers, have this subject. */
export function priorityOf(subject: string): Priority {
  return laneOfTimer(subject) ?? lanes.find((lane) => subject.endsWith(`.${lane}`)) ?? 'normal';
}

/** Returns the lane of the timer that fired to this subject. */
export function laneOfTimer(subject: string): Lane | undefined {
  return lanes.find((lane) => subject.startsWith(`timers.${lane}.`));
}
