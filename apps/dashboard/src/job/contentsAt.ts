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

/** Only some events have a payload, a result or an error. */
function afterEvent(before: Contents, { data }: JobEvent): Contents {
  return {
    ...before,
    ...('payload' in data ? { payload: data.payload } : {}),
    ...('result' in data ? { result: data.result } : {}),
    ...('error' in data ? errorOf(data.error) : {}),
  };
}

function errorOf(error: JobError | undefined): Pick<Contents, 'error'> {
  if (error === undefined) return {};
  const { stack: _stack, ...rest } = error;
  return { error: rest };
}
