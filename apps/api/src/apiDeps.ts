import type { EventLog } from '@jobstream/eventlog';
import type { ApiKeys, AuditLog, Operations, ReadModel, RebuildRequests, Verifications } from '@jobstream/readmodel';
import type { AuthSettings, Logger, Metrics, Readiness, Tracing } from '@jobstream/runtime';
import type { AnnouncedTypes } from './announcements/announcedTypes.ts';
import type { AuditTrail } from './audit/auditTrail.ts';
import type { ApiKeyCache } from './auth/apiKeyCache.ts';
import type { LiveTail } from './feeds/liveTail.ts';
import type { LongRequests } from './feeds/longRequests.ts';
import type { RequestLimits } from './http/requestLimits.ts';
import type { ServedVersions } from './jobs/read/servedVersions.ts';
import type { PayloadChecks } from './payloads/payloadChecks.ts';
import type { TablePosition } from './http/tablePosition.ts';

/** The dependencies of the routes. */
export interface ApiDeps {
  readonly log: Pick<
    EventLog,
    | 'append'
    | 'appendAll'
    | 'attemptLogs'
    | 'clock'
    | 'contents'
    | 'expiresPermanently'
    | 'isConnected'
    | 'readJob'
    | 'readHistory'
    | 'readWholeHistory'
    | 'follow'
    | 'lanes'
    | 'scheduleWake'
    | 'wakeNow'
    | 'lastSequence'
    | 'schedules'
    | 'jobTypes'
    | 'announcements'
    | 'messages'
    | 'prefix'
    | 'reached'
    | 'stats'
    | 'unique'
  >;
  readonly announced: Pick<AnnouncedTypes, 'definition' | 'isCurrent' | 'type' | 'types' | 'workers'>;
  readonly payloads: Pick<PayloadChecks, 'check' | 'ignoredOf'>;
  readonly tail: LiveTail;
  readonly longRequests: LongRequests;
  readonly servedVersions: ServedVersions;
  readonly table: Pick<
    ReadModel,
    | 'findJob'
    | 'findJobs'
    | 'listJobs'
    | 'findJobReferences'
    | 'findLastSucceeded'
    | 'readSteps'
    | 'findQueuePosition'
    | 'countMatchingByType'
    | 'countMatchingJobs'
    | 'countJobs'
    | 'oldestPending'
    | 'readFailures'
    | 'readSharedTraits'
    | 'readSearchPaths'
    | 'readStatistics'
    | 'readCheckpoint'
    | 'readPastCheckpoint'
    | 'pastSequenceAt'
    | 'listPastJobs'
    | 'countPastJobs'
  >;
  readonly tablePosition: TablePosition;
  readonly rebuilds: Pick<RebuildRequests, 'request' | 'read' | 'cancel'>;
  readonly verifications: Pick<Verifications, 'request' | 'read'>;
  readonly operations: Pick<
    Operations,
    | 'accept'
    | 'read'
    | 'list'
    | 'listJobs'
    | 'changeStatus'
    | 'claim'
    | 'compareFields'
    | 'cancelUnbegun'
    | 'countReasons'
    | 'readStored'
    | 'nextJobs'
    | 'record'
    | 'release'
    | 'removeOld'
    | 'listKeysOfEnded'
    | 'forgetKey'
  >;
  readonly auditLog: Pick<AuditLog, 'list'>;
  readonly auditTrail: Pick<AuditTrail, 'begin' | 'finish'>;
  readonly keys: Pick<ApiKeys, 'create' | 'list' | 'revoke'>;
  readonly keyCache: Pick<ApiKeyCache, 'find' | 'recordUse' | 'onRevoked' | 'reload'>;
  readonly auth: AuthSettings;
  /** The folder of the built dashboard; undefined where there is none. */
  readonly dashboardDir: string | undefined;
  readonly readiness: Readiness;
  readonly limits: RequestLimits;
  readonly metrics: Metrics;
  readonly tracing: Pick<Tracing, 'span'>;
  readonly logger: Logger;
}
