import type { Schedule } from '@jobstream/domain';

/** A schedule as its events left it, perhaps deleted; `sequence` is that of the last one, which the next append must expect. */
export interface ScheduleSnapshot {
  readonly schedule: Schedule;
  readonly sequence: number;
}
