export type { BulkChange, BulkOptions, BulkProgress } from './bulkChange.ts';
export type { CallOptions, ClientOptions } from './transport.ts';
export { checkPayload, defineJob } from './defineJob.ts';
export type { JobDefaults, JobDefinition, JobDefinitionOptions } from './defineJob.ts';
export type { PayloadInput, PayloadOutput, ResultInput, ResultOutput } from './defineJob.ts';
export type { EnqueuedJob, EnqueueOptions } from './enqueue.ts';
export { enqueueIn } from './enqueueIn.ts';
export {
  AccessDeniedError,
  ConflictError,
  InvalidRequestError,
  JobCancelledError,
  JobFailedError,
  JobstreamError,
  NotFoundError,
  PayloadError,
  UnavailableError,
  UnexpectedAnswerError,
} from './errors.ts';
export type { FailureGroup, Failures, FailuresQuery } from './failures.ts';
export { hasEnded } from './job.ts';
export type { Backoff, CreatedJob, EndedJob, Job, JobError, JobStatus, RetriedJob } from './job.ts';
export type { Incident, IncidentHeader, IncidentJob, IncidentOptions } from './incident.ts';
export type { WaitingFor } from './waitingFor.ts';
export type { Actor } from './actor.ts';
export type { JobEvent, JobEventData, JobEventName } from './jobEvent.ts';
export type {
  ChangeOptions,
  RerunOptions,
  RetryOptions,
  CreateOptions,
  GetOptions,
  HistoryOptions,
  JobPage,
  Jobs,
  LogLine,
  PageOptions,
} from './jobs.ts';
export type { JobFilter, JobListFilter, JobSelection } from './jobs.ts';
export { JobstreamClient } from './jobstreamClient.ts';
export type { FeedOptions } from './jobstreamClient.ts';
export type { JobType, JobTypes, JsonSchema, PauseOptions, PayloadCheck, TypeWorker } from './jobTypes.ts';
export type { NewBackoff, NewJob, Warning } from './job.ts';
export type {
  CreateOperationOptions,
  FollowOperationOptions,
  JobOperation,
  JobOperations,
  JobOutcome,
  NewOperation,
  OperationCount,
  OperationFilter,
  OperationJob,
  OperationKind,
  OperationStatus,
} from './jobOperations.ts';
export type { AuditFilter, AuditLog, AuditOutcome, AuditRecord } from './auditLog.ts';
export type { ApiKey, CreatedKey, Keys, KeyScope, NewKey } from './keys.ts';
export type { TableDifference, Verification, Verifications } from './proof.ts';
export { once } from './once.ts';
export type { OnceOptions } from './once.ts';
export type { Page } from './pages.ts';
export type { FieldError, PayloadIssue, Problem } from './errors.ts';
export type { CatchUpPolicy, NewSchedule, RunOptions, Schedule, ScheduleChanges } from './schedules.ts';
export type { ScheduleEvent, ScheduleEventData } from './schedules.ts';
export type { SqlTransaction } from './sqlTransaction.ts';
export type { Schedules, VersionedOptions } from './schedules.ts';
export type { Activity, Durations, PastMoment, Stats, StatsOptions, TypeActivity, TypeBacklog } from './stats.ts';
export type { RunningJob, Worker, Workers } from './workers.ts';
