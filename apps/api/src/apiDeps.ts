import type { EventLog } from '@jobstream/eventlog';
import type { ReadModel } from '@jobstream/readmodel';
import type { Logger, Metrics, Readiness } from '@jobstream/runtime';

/** Everything that the routes are handed. */
export interface ApiDeps {
  readonly log: Pick<EventLog, 'append' | 'readJob' | 'readHistory' | 'schedules' | 'jobTypes'>;
  readonly table: Pick<ReadModel, 'findJob' | 'listJobs' | 'findJobReferences' | 'countMatchingJobs'>;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly logger: Logger;
}
