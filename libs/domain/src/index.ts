export { Backoff, defaultBackoff, RequestedBackoff, retryDelayMs } from './job/settings/backoff.ts';
export { carrierOf, carryProtocol, decide, type Decision } from './job/decide.ts';
export { evolve, fold, foldHistory, type FoldedHistory } from './job/evolve.ts';
export { definedSettings, Job, JobError, JobProgress, JobStatus, MaxAttempts, Tags, TimeoutMs } from './job/job.ts';
export { attemptOverAt, awaitsFirstStart, isTerminal, mayBeRevised, timeLeftMs } from './job/job.ts';
export type { ByDefinition, FailureReason, JobState } from './job/job.ts';
export { nextLookAt, waitsForTimer, wakeAt } from './job/jobTimer.ts';
export { JobCommand, type JobCommandName, type JobCommandOf } from './job/jobCommand.ts';
export {
  decodeJobDefaults,
  dueTimeFaults,
  JobDefaults,
  jobSettings,
  MAX_AHEAD_MS,
  MAX_PAYLOAD_BYTES,
  newJobDefaults,
  type HoldingDefinition,
  type NewJobRequest,
} from './job/newJob.ts';
export { keepsKey } from './job/unique/keepsKey.ts';
export { revisionBy } from './job/unique/revision.ts';
export {
  OnConflict,
  RequestedUnique,
  Unique,
  uniqueFaults,
  uniqueMistake,
  changedKey,
  uniqueValues,
} from './job/settings/unique.ts';
export {
  JobEvent,
  decodeJobEvent,
  encodeJobEvent,
  isCarry,
  isCreation,
  isReadable,
  jobEventEnvelope,
  tokenOf,
} from './job/jobEvent.ts';
export type { DecodedJobEvent, JobEventOf, LoggedEvent, UnreadableEvent } from './job/jobEvent.ts';
export {
  PROTOCOL_VERSION,
  UNIQUE_PROTOCOL,
  callsForWork,
  carriesJob,
  carryNames,
  createsJob,
  jobEventNames,
  protocolOf,
  requeuesJob,
  tokensOf,
  workEventNames,
} from './job/jobEventNames.ts';
export type { CarryName, CreationName, OperatorEventName, WorkEventName } from './job/jobEventNames.ts';
export { jobEvents, type JobEventName, PRIORITY_PROTOCOL } from './job/jobEvents.ts';
export { WAITS_PROTOCOL } from './job/attemptEvents.ts';
export { foldSteps, stepChangeOf, type StepChange } from './job/folds/foldSteps.ts';
export { foldSignals } from './job/folds/foldSignals.ts';
export {
  MAX_SIGNAL_BYTES,
  MAX_UNREAD_BYTES,
  MAX_UNREAD_SIGNALS,
  isSignalName,
  Signal,
  SignalCounts,
  SignalName,
  SIGNALS_PROTOCOL,
  unreadSignals,
} from './job/settings/signals.ts';
export {
  MAX_STEP_RESULT_BYTES,
  MAX_STEPS,
  MAX_STEPS_BYTES,
  stepId,
  STEPS_PROTOCOL,
  StepName,
  RecordedStep,
  StepOutcome,
} from './job/stepRecord.ts';
export { Lane, laneOf, lanes, Priority } from './job/settings/priority.ts';
export type { SecretKind } from './job/eventDefinition.ts';
export { isJobId, isJobType, JobId, JobType, uuidV7, uuidV8 } from './job/jobId.ts';
export { isRejection, type Rejection } from './messages/commandContext.ts';
export { Actor, EVENT_SCHEMA_VERSION, type DecodedEvent } from './messages/eventEnvelope.ts';
export { encryptionOverhead } from './messages/encryptionOverhead.ts';
export { comesBack, hasInexactNumber, mayBeInexact, parseExactly } from './messages/inexactNumbers.ts';
export { canonicalJson } from './messages/canonicalJson.ts';
export { isObject } from './messages/isObject.ts';
export { attemptLogLevels, processLogLevels, secretFields } from './messages/logging.ts';
export type { AttemptLogLevel, ProcessLogLevel } from './messages/logging.ts';
export { Tenant, isTenant } from './messages/tenant.ts';
export { Timestamp, addMs, isDue, isTimestamp } from './messages/timestamp.ts';
export { timestampOf } from './messages/timestampOf.ts';
export { CronExpression, cronOf, parseCron, type Cron, type CronField, type ParsedCron } from './schedule/cron.ts';
export { decideSchedule, ticksDoneUpTo, type ScheduleDecision } from './schedule/decideSchedule.ts';
export type { ScheduleCommand, ScheduleCommandOf } from './schedule/decideSchedule.ts';
export { evolveSchedule, foldSchedule } from './schedule/evolveSchedule.ts';
export { ON_TIME_MS, planTicks, type TickPlan, type TriggerTime } from './schedule/planTicks.ts';
export { CatchUp, JobTemplate, Schedule, ScheduleDefinition, ScheduleName } from './schedule/schedule.ts';
export {
  defaultCatchUp,
  exists,
  jobTagsOf,
  requestOfTemplate,
  type ScheduleState,
  type TickRecord,
} from './schedule/schedule.ts';
export { ScheduleEvent, decodeScheduleEvent, encodeScheduleEvent } from './schedule/scheduleEvent.ts';
export type { ScheduleEventName, ScheduleEventOf } from './schedule/scheduleEvent.ts';
export { neverTicks, scheduleDefinition, scheduleFault } from './schedule/newSchedule.ts';
export type { NewScheduleRequest } from './schedule/newSchedule.ts';
export { nextTicks } from './schedule/ticks.ts';
export { TimeZone } from './schedule/timeZone.ts';
