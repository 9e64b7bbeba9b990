import type { Job } from '@jobstream/domain';

/** A job folded from its whole history; `sequence` is that of its last event, which the next append must expect. */
export interface JobSnapshot {
  readonly job: Job;
  readonly sequence: number;
}
