import type { JobEvent } from '../src/job/jobEvent.ts';
import type { JobStatus } from '../src/job/job.ts';
import {
  DUE_AT,
  jobCancelled,
  jobCompleted,
  jobCreated,
  jobFailed,
  jobRetryScheduled,
  jobStarted,
  jobStepsRecorded,
  jobSuspended,
} from './jobEvents.ts';

export type Situation = JobStatus | 'no job';

export const situations: readonly Situation[] = [
  'no job',
  'scheduled',
  'pending',
  'processing',
  'waiting',
  'retrying',
  'completed',
  'failed',
  'cancelled',
];

/** A short history that ends in the situation, with attempt 1 of 3 as the running or last one where there is one. */
export function historyOf(situation: Situation): readonly JobEvent[] {
  switch (situation) {
    case 'no job':
      return [];
    case 'scheduled':
      return [jobCreated({ runAt: DUE_AT })];
    case 'pending':
      return [jobCreated()];
    case 'processing':
      return [jobCreated(), jobStarted()];
    case 'waiting':
      return [jobCreated(), jobStarted(), jobStepsRecorded(), jobSuspended()];
    case 'retrying':
      return [jobCreated(), jobStarted(), jobRetryScheduled()];
    case 'completed':
      return [jobCreated(), jobStarted(), jobCompleted()];
    case 'failed':
      return [jobCreated(), jobStarted(), jobFailed()];
    case 'cancelled':
      return [jobCreated(), jobCancelled()];
  }
}
