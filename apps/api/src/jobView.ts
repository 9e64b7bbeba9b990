import type { Job, JobError, JobEvent } from '@jobstream/domain';
import type { RecordedEvent } from '@jobstream/eventlog';

/** A job as clients see it: without what serves the system alone, and without the stack of a handler's error. */
export function jobView(job: Job): object {
  const { startedBy: _startedBy, idempotencyKey: _key, fingerprint: _fingerprint, error, ...shown } = job;
  return error === undefined ? shown : { ...shown, error: withoutStack(error) };
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
