import type { Job, JobError, JobEvent } from '@jobstream/domain';
import type { RecordedEvent } from '@jobstream/eventlog';

/** A job as clients see it: only what is listed here, and the error of a handler without its stack. */
export function jobView(job: Job): object {
  return { ...nature(job), ...outcome(job), ...settings(job), ...times(job) };
}

function nature({ id, tenant, type, status, version, payload }: Job) {
  return { id, tenant, type, status, version, payload };
}

function outcome({ result, error, progress, attempt, worker }: Job) {
  return { result, error: error && withoutStack(error), progress, attempt, worker };
}

function settings({ maxAttempts, backoff, timeoutMs, tags }: Job) {
  return { maxAttempts, backoff, timeoutMs, tags };
}

function times({ runAt, createdAt, updatedAt, startedAt, finishedAt }: Job) {
  return { runAt, createdAt, updatedAt, startedAt, finishedAt };
}

/** What the creation of a job answers. */
export function createdJobView({ id, type, status, version, createdAt, updatedAt }: Job): object {
  return { id, type, status, version, createdAt, updatedAt };
}

/** An event as clients see it, with its place in the log. */
export function eventView({ sequence, recordedAt, event }: RecordedEvent): object {
  return { sequence, recordedAt, ...event, data: eventData(event) };
}

function eventData(event: JobEvent): object {
  if (event.event === 'JobCreated') {
    const { idempotencyKey: _key, fingerprint: _fingerprint, ...shown } = event.data;
    return shown;
  }
  return 'error' in event.data ? { ...event.data, error: withoutStack(event.data.error) } : event.data;
}

function withoutStack({ stack: _stack, ...shown }: JobError): object {
  return shown;
}
