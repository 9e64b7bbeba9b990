export type { ApiKey, ApiKeyCredential, NewApiKey } from './apiKeys/apiKey.ts';
export { KEY_NAME } from './apiKeys/assertValidKey.ts';
export { ApiKeys } from './apiKeys/apiKeys.ts';
export { formatApiKey, hashOfSecret, newApiKey, parseApiKey } from './apiKeys/apiKeyText.ts';
export type { ApiKeyText } from './apiKeys/apiKeyText.ts';
export { isScope, scopes } from './apiKeys/scope.ts';
export type { Scope } from './apiKeys/scope.ts';
export { assertMigrated } from './assertMigrated.ts';
export type { Checkpoint } from './checkpoint.ts';
export type { PoolOptions } from './createPool.ts';
export {
  InvalidApiKeyError,
  InvalidCursorError,
  JobsOutOfStepError,
  ProjectionFencedError,
  ReadModelUnavailableError,
  SchemaMismatchError,
} from './errors.ts';
export type { JobCount } from './jobs/countJobs.ts';
export type { ProjectedJob } from './jobs/findJob.ts';
export type { JobReference } from './jobs/findJobReferences.ts';
export type { JobFilter } from './jobs/jobFilter.ts';
export type { JobListQuery, JobPage } from './jobs/listJobs.ts';
export type { Page, PageQuery } from './jobs/pageStatement.ts';
export { JobProjection } from './jobProjection.ts';
export type { Quarantined } from './batchWriter.ts';
export { migrate } from './migrate.ts';
export type { ProjectableEntry } from './projectableEntry.ts';
export { cancelRebuild } from './rebuild/cancelRebuild.ts';
export type { Difference } from './rebuild/difference.ts';
export { dropPrevious } from './rebuild/dropPrevious.ts';
export type { AdvanceTo } from './rebuild/liveStep.ts';
export { RebuildCancelledError, RebuildRefusedError, StepMissedError } from './rebuild/rebuildErrors.ts';
export type { RebuildKind } from './rebuild/rebuildState.ts';
export type { SecondTables } from './rebuild/secondTables.ts';
export { TableRebuild } from './rebuild/tableRebuild.ts';
export type { TableSnapshot } from './rebuild/tableSnapshot.ts';
export { ReadModel } from './readModel.ts';
export { retireJobs } from './retention/retireJobs.ts';
export { quantileOf } from './statistics/durationBuckets.ts';
export type { Buckets } from './statistics/durationBuckets.ts';
export type { PeriodCounts, StatisticsPage, StatisticsQuery, TypeDurations } from './statistics/readStatistics.ts';
export type { Resolution } from './statistics/statisticsPeriod.ts';
export { TableCheck } from './verify/tableCheck.ts';
export type {
  RebuildProgress,
  RebuildRequest,
  RebuildResult,
  RebuildStatus,
} from './rebuildRequests/rebuildRequest.ts';
export { RebuildRequests } from './rebuildRequests/rebuildRequests.ts';
