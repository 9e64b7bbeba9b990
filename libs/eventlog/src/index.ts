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
export type { EventLogOptions, JobQueue, JobQueueOptions } from './eventLog.ts';
export type { JobSnapshot } from './jobSnapshot.ts';
export type { LogEntry } from './logEntry.ts';
export type { RecordedEvent } from './recordedEvent.ts';
