import type { Schedule, ScheduleState } from '@jobstream/domain';

/** A schedule as its events left it, perhaps deleted; `sequence` is that of the last one, which the next append must expect. */
export interface ScheduleSnapshot {
  readonly schedule: Schedule;
  readonly sequence: number;
}

/** A name as its events left it. Of a schedule whose beginning the log has forgotten no state is left, but still an end. */
export interface ScheduleEnd {
  readonly schedule: ScheduleState;
  /** That of the last event, which the next append must expect; 0 for a name without events. */
  readonly sequence: number;
  /** To whom the last event belongs. */
  readonly tenant: string | undefined;
}
