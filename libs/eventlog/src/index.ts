export type { Delivery } from './delivery.ts';
export {
  ConcurrentAppendError,
  EventTooLargeError,
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
export type { LogEntry } from './logEntry.ts';
export type { LogSink } from './logSink.ts';
export type { StartRate } from './rateWindow.ts';
export type { RecordedEvent } from './recordedEvent.ts';
export type { Wake } from './wakeScheduler.ts';
