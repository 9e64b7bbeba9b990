import type { JobEvent, JobStep } from '@jobstream/client';
import type { RecordedEvent, RecordedStep } from '@jobstream/worker/test-engine';

/** A job, by its id or as `enqueue` has returned it. */
export type JobOrId = string | { readonly id: string };

/** An event as the API shows it. */
export function eventView({ event, sequence, recordedAt }: RecordedEvent): JobEvent {
  return { ...event, sequence, recordedAt };
}

/** A step as the API shows it. */
export function stepView({ at: endedAt, ...step }: RecordedStep): JobStep {
  return { ...step, endedAt };
}

export function idOf(job: JobOrId): string {
  return typeof job === 'string' ? job : job.id;
}
