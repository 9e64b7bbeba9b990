export type { FiredTrigger } from './schedules/firedTrigger.ts';
export type { TriggerQueue, TriggerQueueOptions } from './schedules/triggerQueue.ts';
export type { Contents } from './contents/contents.ts';
export type { MasterKey } from './contents/jobKeys.ts';
export { isSealed, isShredded, isUnreadable } from './contents/sealedEvent.ts';
export type { Delivery } from './queue/delivery.ts';
export {
  TriggerRefusedError,
  ConcurrentAppendError,
  EventTooLargeError,
  HistoryIncompleteError,
  LogOverloadedError,
  LogUnavailableError,
  NewerEventError,
  StreamMismatchError,
  UnsupportedServerError,
} from './errors.ts';
export type { EventFeed } from './read/eventFeed.ts';
export { EventLog } from './eventLog.ts';
export type { EventLogOptions } from './eventLogOptions.ts';
export type { JobQueue, JobQueueOptions } from './queue/jobQueue.ts';
export type { JobSnapshot } from './read/jobSnapshot.ts';
export type { JobTypeControl, JobTypeInfo } from './queue/jobTypeControl.ts';
export type { LogArchive, SequenceSpan, StoredBytes } from './read/logArchive.ts';
export type { LogEntry } from './read/logEntry.ts';
export type { Backlog, Lag, LogStats, TypeBacklog } from './queue/logStats.ts';
export type { LogMessages } from './read/logMessages.ts';
export type { AppendOutcome, LogObserver } from './append/logObserver.ts';
export type { LogSink } from './connection/logSink.ts';
export type { StartRate } from './queue/admission/rateLimiter.ts';
export type { DefinitionHint } from './schedules/subscribeToDefinitions.ts';
export type { RecordedEvent } from './read/recordedEvent.ts';
export type { ScheduleTriggers } from './schedules/scheduleTriggers.ts';
export type { ScheduleLog } from './schedules/scheduleLog.ts';
export type { RecordedScheduleEvent, ScheduleReader } from './schedules/scheduleReader.ts';
export type { ScheduleEnd, ScheduleSnapshot } from './schedules/scheduleSnapshot.ts';
export { EXPECTED_FILTER, EXPECTED_SEQUENCE, TRACEPARENT } from './connection/headers.ts';
export { dueSubject, eventSubject, wakeSubject } from './streams/jobSubjects.ts';
export {
  cronSubject,
  extraTriggerSubject,
  HOURLY_SUBJECT,
  scheduleSubject,
  TICK_SUBJECT,
} from './streams/scheduleSubjects.ts';
export { JOBS_STREAM, TIMERS_STREAM } from './streams/streams.ts';
export type { Wake } from './timers/wakeScheduler.ts';
