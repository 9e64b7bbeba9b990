import type { JobError, JobEvent } from '@jobstream/client';

/** What a job was given and what it gave, as its events tell it. */
export interface Contents {
  readonly payload?: unknown;
  readonly result?: unknown;
  readonly error?: Omit<JobError, 'stack'>;
}

/** The contents of a job after the last of these events. */
export function contentsAfter(events: readonly JobEvent[]): Contents {
  return events.reduce<Contents>(afterEvent, {});
}

function afterEvent(before: Contents, event: JobEvent): Contents {
  switch (event.event) {
    case 'JobCreated':
    case 'JobPayloadChanged':
      return { ...before, payload: event.data.payload };
    case 'JobCarried':
      return { ...before, payload: event.data.payload, ...errorOf(event.data.error) };
    case 'JobRetryScheduled':
    case 'JobFailed':
      return { ...before, ...errorOf(event.data.error) };
    case 'JobCompleted':
      return { ...before, result: event.data.result };
    default:
      return before;
  }
}

function errorOf(error: JobError | undefined): Pick<Contents, 'error'> {
  if (error === undefined) return {};
  const { stack: _stack, ...rest } = error;
  return { error: rest };
}
