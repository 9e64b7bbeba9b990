export type { Alarm } from './alarm.ts';
export type { AlarmQueue, AlarmQueueOptions } from './alarmQueue.ts';
export type { Contents } from './contents/contents.ts';
export type { MasterKey } from './contents/masterKey.ts';
export { isSealed, isShredded, isUnreadable } from './contents/sealedEvent.ts';
export type { Delivery } from './delivery.ts';
export {
  AlarmRefusedError,
  ConcurrentAppendError,
  EventTooLargeError,
  HistoryIncompleteError,
  LogOverloadedError,
  LogUnavailableError,
  NewerEventError,
  StreamMismatchError,
  UnsupportedServerError,
} from './errors.ts';
export type { EventFeed } from './eventFeed.ts';
export { EventLog } from './eventLog.ts';
export type { EventLogOptions } from './eventLogOptions.ts';
export type { JobQueue, JobQueueOptions } from './jobQueue.ts';
export type { JobSnapshot } from './jobSnapshot.ts';
export type { JobTypeControl, JobTypeInfo } from './jobTypeControl.ts';
export type { LogArchive, SequenceSpan, StoredBytes } from './logArchive.ts';
export type { LogEntry } from './logEntry.ts';
export type { Backlog, Lag, LogMeter, TypeBacklog } from './logMeter.ts';
export type { LogMessages } from './logMessages.ts';
export type { AppendOutcome, LogObserver } from './logObserver.ts';
export type { LogSink } from './logSink.ts';
export type { StartRate } from './rateWindow.ts';
export type { DefinitionHint } from './hearDefinitions.ts';
export type { RecordedEvent } from './recordedEvent.ts';
export type { ScheduleAlarms } from './scheduleAlarms.ts';
export type { ScheduleLog } from './scheduleLog.ts';
export type { RecordedScheduleEvent, ScheduleReader } from './scheduleReader.ts';
export type { ScheduleEnd, ScheduleSnapshot } from './scheduleSnapshot.ts';
export { JOBS_STREAM } from './streams.ts';
export type { Wake } from './wakeScheduler.ts';
