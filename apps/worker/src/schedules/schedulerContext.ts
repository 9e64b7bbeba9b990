import type { EventLog } from '@jobstream/eventlog';
import type { Logger } from '@jobstream/runtime';
import type { Clock } from '@jobstream/worker/engine';

/** What every step of handling a trigger may use. */
export interface SchedulerContext {
  readonly eventLog: Pick<
    EventLog,
    'announcements' | 'append' | 'appendAll' | 'clock' | 'contents' | 'readJob' | 'schedules' | 'unique'
  >;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long the log keeps events, in milliseconds; 0: for ever. */
  readonly keepMs: number;
}
