import type { EventLog } from '@jobstream/eventlog';
import type { ReadModel } from '@jobstream/readmodel';
import type { Logger } from '@jobstream/runtime';
import type { Readiness } from './readiness.ts';

/** Everything that the routes are handed. */
export interface ApiDeps {
  readonly log: Pick<EventLog, 'append' | 'readJob' | 'readHistory'>;
  readonly table: Pick<ReadModel, 'findJob' | 'listJobs'>;
  readonly readiness: Readiness;
  readonly logger: Logger;
}
