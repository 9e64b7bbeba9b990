export type { ApiKey, ApiKeyCredential, NewApiKey } from './apiKeys/apiKey.ts';
export { KEY_NAME } from './apiKeys/apiKey.ts';
export { ApiKeys } from './apiKeys/apiKeys.ts';
export { formatApiKey, hashOfSecret, newApiKey, parseApiKey } from './apiKeys/apiKeyText.ts';
export type { ApiKeyText } from './apiKeys/apiKeyText.ts';
export { isScope, scopes } from './apiKeys/apiKey.ts';
export type { Scope } from './apiKeys/apiKey.ts';
export { AuditLog, auditOutcomes } from './audit/auditLog.ts';
export type { AuditOutcome, AuditQuery, AuditRecord } from './audit/auditLog.ts';
export { assertMigrated } from './postgres/migrations.ts';
export type { Checkpoint } from './projection/checkpointFence.ts';
export { databaseTrouble } from './postgres/databaseTrouble.ts';
export type { PoolOptions } from './postgres/postgresService.ts';
export {
  InvalidApiKeyError,
  InvalidCursorError,
  JobsOutOfStepError,
  ProjectionFencedError,
  ReadModelUnavailableError,
  SchemaMismatchError,
  TooManyJobsError,
  TooManyOperationsError,
} from './errors.ts';
export type { JobCount } from './jobs/jobQueries.ts';
export type { ProjectedJob } from './jobs/jobQueries.ts';
export type { QueuedJob, QueuePosition } from './jobs/queuePosition.ts';
export type { JobReference } from './jobs/jobQueries.ts';
export type { JobFilter } from './jobs/jobFilter.ts';
export { jobSorts } from './jobs/jobSort.ts';
export type { JobListQuery, JobPage } from './jobs/jobQueries.ts';
export type { Page, PageQuery } from './jobs/jobPage.ts';
export { JobProjection } from './projection/jobProjection.ts';
export type { LockedProjection } from './projection/lockedProjection.ts';
export type { AppliedBatch, Quarantined } from './projection/batchWriter.ts';
export type { PutAsideEvent, ReadableJob } from './projection/refoldJobs.ts';
export { searchOperators } from './search/searchConditions.ts';
export type { JobSearch, SearchOperator } from './search/searchConditions.ts';
export type { SearchPaths } from './search/searchPaths.ts';
export { MAX_SEARCHED_CHARS } from './search/searchRows.ts';
export { normalMessage } from './jobs/failureGroup.ts';
export type { FailureGroup, Failures } from './failures/readFailures.ts';
export { migrate } from './postgres/migrate.ts';
export type { ProjectableEntry } from './projection/projectableEntry.ts';
export { jobOutcomes, operationKinds, operationStatuses } from './operations/operation.ts';
export type {
  JobOperation,
  JobOutcome,
  JobSelection,
  NewOperation,
  OperationContents,
  OperationJob,
  OperationKind,
  OperationStatus,
  ProcessedJob,
  StoredOperation,
} from './operations/operation.ts';
export type { ComparedField, ComparedJobs, SetField } from './operations/compareFields.ts';
export { Operations } from './operations/operations.ts';
export type { ClaimedOperation, ListedOperationJob, OutcomeReason } from './operations/operations.ts';
export { cancelRebuild } from './rebuild/cancelRebuild.ts';
export type { Difference } from './comparison/difference.ts';
export { dropPrevious } from './rebuild/swapTables.ts';
export type { AdvanceTo } from './secondTables/withTablesHeld.ts';
export { RebuildCancelledError, RebuildRefusedError, TablesBusyError } from './errors.ts';
export type { RebuildKind } from './rebuild/rebuildState.ts';
export type { SecondTables } from './secondTables/secondTables.ts';
export { TableRebuild } from './rebuild/tableRebuild.ts';
export type { TableSnapshot, UnreadableJobs } from './secondTables/tableSnapshot.ts';
export { ReadModel } from './readModel.ts';
export { retireJobs } from './retention/retireJobs.ts';
export type { PastCheckpoint } from './past/pastCheckpoint.ts';
export { clearPast, PastProjection } from './past/pastProjection.ts';
export { PastVerification } from './past/pastVerification.ts';
export { prunePast } from './past/prunePast.ts';
export type { PastJobReference, PastQuery } from './past/readPast.ts';
export { quantileOf } from './statistics/durationBuckets.ts';
export type { Buckets } from './statistics/durationBuckets.ts';
export type { PeriodCounts, StatisticsPage, StatisticsQuery, TypeDurations } from './statistics/readStatistics.ts';
export type { Resolution } from './statistics/statisticsPeriod.ts';
export { TableVerification } from './verify/tableVerification.ts';
export type { RebuildProgress, RebuildRequest, RebuildResult, RebuildStatus } from './rebuild/rebuildRequests.ts';
export { RebuildRequests } from './rebuild/rebuildRequests.ts';
export { Verifications } from './verify/verifications.ts';
export type { RequestedVerification, VerificationEnd, VerificationResult } from './verify/verifications.ts';
