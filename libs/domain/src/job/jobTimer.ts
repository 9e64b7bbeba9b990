import type { Job, JobStatus } from './job.ts';
import { addMs, isDue, type Timestamp } from '../messages/timestamp.ts';

/** A job that waits within an attempt is looked at once an hour, should its timer have been lost. */
const LOOK_MS = 3_600_000;

/** Whether a job of this status goes on when its timer fires. */
export function waitsForTimer(status: JobStatus): boolean {
  return status === 'scheduled' || status === 'retrying' || status === 'waiting';
}

/** Returns when the timer of a job fires that is due at `dueAt`. */
export function wakeAt(dueAt: Timestamp, { status }: Pick<Job, 'status'>, now: Timestamp): Timestamp {
  return status === 'waiting' ? nextLookAt(dueAt, now) : dueAt;
}

/** Returns when the timer of an attempt that waits until `until` fires: then, or within an hour from `now`. */
export function nextLookAt(until: Timestamp, now: Timestamp): Timestamp {
  const inAnHour = addMs(now, LOOK_MS);
  return isDue(until, inAnHour) ? until : inAnHour;
}
