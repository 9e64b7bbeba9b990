import type { EventLog } from '@jobstream/eventlog';
import type { ApiKeys, ReadModel, RebuildRequests } from '@jobstream/readmodel';
import type { AuthSettings, Logger, Metrics, Readiness, Tracing } from '@jobstream/runtime';
import type { KeyRing } from './auth/keyRing.ts';
import type { HeldRequests } from './feeds/heldRequests.ts';
import type { LiveTail } from './feeds/liveTail.ts';
import type { ServedVersions } from './jobs/servedVersions.ts';

/** Everything that the routes are handed. */
export interface ApiDeps {
  readonly log: Pick<
    EventLog,
    | 'append'
    | 'appendAll'
    | 'contents'
    | 'expiresPermanently'
    | 'readJob'
    | 'readHistory'
    | 'follow'
    | 'lastSequence'
    | 'schedules'
    | 'jobTypes'
    | 'messages'
    | 'stats'
  >;
  readonly tail: LiveTail;
  readonly held: HeldRequests;
  readonly served: ServedVersions;
  readonly table: Pick<
    ReadModel,
    | 'findJob'
    | 'listJobs'
    | 'findJobReferences'
    | 'countMatchingJobs'
    | 'countJobs'
    | 'readStatistics'
    | 'readCheckpoint'
  >;
  readonly rebuilds: Pick<RebuildRequests, 'request' | 'read' | 'cancel'>;
  readonly keys: Pick<ApiKeys, 'create' | 'list' | 'revoke'>;
  readonly ring: Pick<KeyRing, 'find' | 'noteUse' | 'onGone' | 'reload'>;
  readonly auth: AuthSettings;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly tracing: Pick<Tracing, 'span'>;
  readonly logger: Logger;
}
