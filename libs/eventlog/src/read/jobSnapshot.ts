import type { Job } from '@jobstream/domain';

/**
 * A job folded from its whole history; `sequence` is what the next append must expect: that of the job's last message in
 * the log, 0 where the log has forgotten all of them.
 */
export interface JobSnapshot {
  readonly job: Job;
  readonly sequence: number;
}
