export type { BulkChange, BulkOptions, BulkProgress } from './jobs/bulkChange.ts';
export type { CallOptions, ClientOptions } from './transport/transport.ts';
export { checkPayload, defineJob } from './enqueue/defineJob.ts';
export type { JobDefaults, JobDefinition, JobDefinitionOptions, JobSchedule } from './enqueue/defineJob.ts';
export type { PayloadInput, PayloadOutput, ResultInput, ResultOutput } from './enqueue/defineJob.ts';
export type { SignalInput, SignalNameOf, SignalOutput, SignalSchemas } from './enqueue/defineJob.ts';
export type { EnqueuedJob, EnqueueOptions } from './enqueue/enqueue.ts';
export { enqueueIn } from './enqueue/enqueueIn.ts';
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
} from './transport/errors.ts';
export type { FailureGroup, Failures, FailuresQuery, SharedTrait, SharedTraits } from './operate/failures.ts';
export { hasEnded } from './jobs/job.ts';
export type {
  Backoff,
  BatchJob,
  CreatedJob,
  EndedJob,
  Job,
  JobError,
  JobStatus,
  JobStep,
  Priority,
  RetriedJob,
  SignalledJob,
  Unique,
} from './jobs/job.ts';
export type { Incident, IncidentHeader, IncidentJob, IncidentOptions, IncidentSelection } from './jobs/incident.ts';
export { explainSettings } from './jobs/explainSettings.ts';
export { explainUnique } from './jobs/explainUnique.ts';
export { explainWaiting } from './jobs/explainWaiting.ts';
export type { Explanation, ExplanationFormat } from './jobs/explainWaiting.ts';
export { foldStack } from './jobs/foldStack.ts';
export { lostAttempts } from './jobs/lostAttempts.ts';
export type { LostAttempt } from './jobs/lostAttempts.ts';
export type { WaitingFor } from './jobs/waitingFor.ts';
export type { Actor } from './operate/actor.ts';
export { isCarry, isCreation } from './jobs/jobEvent.ts';
export type { CreationEvent, JobEvent, JobEventData, JobEventName, OperatorEventName } from './jobs/jobEvent.ts';
export type {
  ChangeOptions,
  CreateOptions,
  GetOptions,
  HistoryOptions,
  JobPage,
  LogLine,
  PageOptions,
  RerunOptions,
  RetryOptions,
} from './jobs/jobOptions.ts';
export type { Jobs } from './jobs/jobs.ts';
export type { ComparedPart, JobComparison, JobFilter, JobListFilter, JobSelection } from './jobs/jobs.ts';
export { JobstreamClient } from './jobstreamClient.ts';
export type { FeedOptions } from './jobstreamClient.ts';
export { workerState } from './operate/workerState.ts';
export type { WorkerState } from './operate/workerState.ts';
export { explainDefinition, explainDifference } from './operate/jobTypes.ts';
export type { JobType, JobTypes, JsonSchema, PauseOptions, PayloadCheck } from './operate/jobTypes.ts';
export type { TypeDefinition, TypeWorker } from './operate/jobTypes.ts';
export type { ByDefinition, NewBackoff, NewJob, NewUnique, Warning } from './jobs/job.ts';
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
  OutcomeReason,
  OperationKind,
  OperationStatus,
  PayloadEdit,
  PayloadSample,
  ReplacedField,
  ReplacedValues,
} from './jobs/jobOperations.ts';
export type { AuditFilter, AuditLog, AuditOutcome, AuditRecord } from './operate/auditLog.ts';
export type { ApiKey, CreatedKey, Keys, KeyScope, NewKey } from './operate/keys.ts';
export type { TableDifference, Verification, Verifications } from './operate/proof.ts';
export { once } from './enqueue/once.ts';
export type { OnceOptions } from './enqueue/once.ts';
export type { Page } from './jobs/pages.ts';
export type { FieldError, PayloadIssue, Problem } from './transport/errors.ts';
export type {
  CatchUpPolicy,
  DefinedSchedule,
  NewSchedule,
  RunOptions,
  Schedule,
  ScheduleChanges,
} from './operate/schedules.ts';
export type { ScheduleEvent, ScheduleEventData } from './operate/schedules.ts';
export type { SqlTransaction } from './enqueue/sqlTransaction.ts';
export type { Schedules, VersionedOptions } from './operate/schedules.ts';
export type {
  Activity,
  Durations,
  PastMoment,
  Stats,
  StatsOptions,
  TypeActivity,
  TypeBacklog,
} from './operate/stats.ts';
export type { BlockedLoop, RunningJob, Worker, Workers } from './operate/workers.ts';
