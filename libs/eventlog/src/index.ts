// Rooms import in one direction: connection <- streams <- storage <- read <- append, sealing <- unique, attemptLogs, timers <- queue (over its admission/)
// <- memory, schedules, announcements <- this entrance, with errors.ts below them all.
export { MAX_BLOCK_JOBS, MAX_BLOCKS } from './announcements/announcedBlock.ts';
export type { AnnouncedBlock } from './announcements/announcedBlock.ts';
export type { Announcements } from './announcements/announcements.ts';
export type { KeptDefinition } from './announcements/keptDefinition.ts';
export type { AnnouncedType, LiveAnnouncement } from './announcements/knownTypes.ts';
export type { LiveProcesses } from './announcements/liveProcesses.ts';
export type { JsonSchema } from './announcements/messages/messageFields.ts';
export { ProcessHeartbeat } from './announcements/processHeartbeat.ts';
export type { PayloadCheck, TypeAnnouncement } from './announcements/typeAnnouncement.ts';
export type { AnnouncedWorker, TypeRegistry } from './announcements/typeRegistry.ts';
export type { RunningJob, WorkerHeartbeat } from './announcements/workerHeartbeat.ts';
export { linesOf } from './attemptLogs/logChunk.ts';
export type { AttemptLogs, ChunkOutcome } from './attemptLogs/attemptLogs.ts';
export type {
  AttemptLogReader,
  LogPage,
  LogPageQuery,
  LogQuery,
  PositionedLine,
} from './attemptLogs/attemptLogReader.ts';
export type { AttemptLogLine, LogChunk } from './attemptLogs/logChunk.ts';
export type { Claim } from './append/appendRequest.ts';
export { decideAgain } from './append/decideAgain.ts';
export type { AppendOutcome, LogObserver } from './append/logObserver.ts';
export type { ContentSealer } from './sealing/contentSealer.ts';
export type { MasterKey } from './sealing/jobKeys.ts';
export { isSealed, isShredded, isUnreadable } from './sealing/sealedEvent.ts';
export {
  AnnouncementRefusedError,
  ConcurrentAppendError,
  EventTooLargeError,
  HistoryIncompleteError,
  JobUnreadableError,
  LogOverloadedError,
  LogUnavailableError,
  LogUnreachableError,
  NewerEventError,
  StreamMismatchError,
  TooManyPriorityTypesError,
  TooManySignalTypesError,
  TriggerRefusedError,
  UniqueKeyHeldError,
  UnsupportedServerError,
} from './errors.ts';
export { EventLog } from './eventLog.ts';
export { MemoryServer } from './memory/memoryServer.ts';
export { MemoryEventLog } from './memory/memoryEventLog.ts';
export { VirtualClock } from './memory/virtualClock.ts';
export { systemTimers, type Timer, type Timers } from './connection/processTimers.ts';
export type { EventLogOptions } from './eventLogOptions.ts';
export { newId } from './newId.ts';
export { clockOffsetGauge, type ServerClock } from './connection/serverClock.ts';
export type { LogSink } from './connection/logSink.ts';
export type { StartRate } from './queue/admission/rateLimiter.ts';
export type { Delivery } from './queue/delivery.ts';
export type { JobQueueOptions, OpenQueue } from './queue/jobQueueOptions.ts';
export type { JobTypeControl, JobTypeInfo } from './queue/jobTypeControl.ts';
export { NEWER_DELAY_MS } from './queue/redeliveryGuard.ts';
export type { Backlog, Lag, LogStats, TypeBacklog } from './queue/logStats.ts';
export type { LogMessages, SequenceSpan, StoredBytes } from './read/directReader.ts';
export { endOfLog, spanOfLog, type EndOfLogOptions } from './read/endOfLog.ts';
export type { LogArchive } from './read/expiredEvents.ts';
export type { JobSnapshot, StoredHistory } from './read/jobReader.ts';
export { isReadableRecord } from './read/logEntry.ts';
export type { LogPrefix, LogState, PrefixMessage } from './expiry/logPrefix.ts';
export type { ExpiryRule } from './streams/streams.ts';
export type { EventFeed, LogEntry, RecordedEvent } from './read/logEntry.ts';
export { bytesLeft } from './storage/logStorage.ts';
export { diagnoseLog } from './storage/diagnoseLog.ts';
export type { LogDiagnosis, LogTrouble } from './storage/diagnoseLog.ts';
export { LogStorage } from './storage/logStorage.ts';
export type { ServerStorage } from './storage/serverMonitor.ts';
export type { FiredTrigger } from './schedules/firedTrigger.ts';
export type { DefinitionHint, ScheduleLog } from './schedules/scheduleLog.ts';
export type {
  RecordedScheduleEvent,
  ScheduleEnd,
  ScheduleReader,
  ScheduleSnapshot,
} from './schedules/scheduleReader.ts';
export type { ScheduleTriggers } from './schedules/scheduleTriggers.ts';
export type { TriggerQueue, TriggerQueueOptions } from './schedules/triggerQueue.ts';
export { EXPECTED_FILTER, EXPECTED_SEQUENCE, TRACEPARENT } from './connection/headers.ts';
export {
  announcementSubject,
  definitionSubject,
  heartbeatSubject,
  settingsSubject,
  workerRemovedSubject,
} from './streams/announcementSubjects.ts';
export { dueSubject, eventSubject, wakeSubject } from './streams/jobSubjects.ts';
export {
  cronSubject,
  extraTriggerSubject,
  HOURLY_SUBJECT,
  scheduleSubject,
  TICK_SUBJECT,
} from './streams/scheduleSubjects.ts';
export { JOBS_STREAM, TIMERS_STREAM, TYPES_STREAM, WORKERS_STREAM } from './streams/streams.ts';
export { appendUnique, type UniqueAppend } from './unique/appendUnique.ts';
export { type ClaimedEvents, type Holder, isUniqueCreation } from './unique/claimedEvents.ts';
export { carriedEntries } from './expiry/carriedEntries.ts';
export { reclaim, type UniqueDeps } from './unique/holders.ts';
export { mapConcurrently } from './unique/mapConcurrently.ts';
export type { StoredClaim, UniqueClaims, UniqueSource } from './unique/uniqueClaims.ts';
export type { Wake } from './timers/timerScheduler.ts';
