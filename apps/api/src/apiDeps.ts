import type { EventLog } from '@jobstream/eventlog';
import type { ApiKeys, ReadModel } from '@jobstream/readmodel';
import type { AuthSettings, Logger, Metrics, Readiness } from '@jobstream/runtime';
import type { KeyRing } from './auth/keyRing.ts';

/** Everything that the routes are handed. */
export interface ApiDeps {
  readonly log: Pick<EventLog, 'append' | 'appendAll' | 'readJob' | 'readHistory' | 'schedules' | 'jobTypes'>;
  readonly table: Pick<ReadModel, 'findJob' | 'listJobs' | 'findJobReferences' | 'countMatchingJobs'>;
  readonly keys: Pick<ApiKeys, 'create' | 'list' | 'revoke'>;
  readonly ring: Pick<KeyRing, 'find' | 'noteUse' | 'reload'>;
  readonly auth: AuthSettings;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly logger: Logger;
}
