// The entrance for @jobstream/testing, which needs the same classes as the handlers that it runs. The published package has it
// too, without types: it can change in any release.
export {
  canonicalJson,
  changedKey,
  isCreation,
  keepsKey,
  mayBeRevised,
  revisionBy,
  uniqueFaults,
  uniqueMistake,
  uniqueValues,
} from '@jobstream/domain';
export { decide, decodeJobEvent, encodeJobEvent, isRejection, laneOf, uuidV8, waitsForTimer } from '@jobstream/domain';
export { dueTimeFaults, jobSettings, MAX_PAYLOAD_BYTES, nextTicks, parseCron } from '@jobstream/domain';
export type { Cron, Job, JobEvent, NewJobRequest, RecordedStep } from '@jobstream/domain';
export {
  ConcurrentAppendError,
  EventLog,
  linesOf,
  MemoryEventLog,
  MemoryServer,
  VirtualClock,
} from '@jobstream/eventlog';
export type { RecordedEvent } from '@jobstream/eventlog';
export { AttemptRunner, type AttemptRunnerOptions } from './attemptRunner.ts';
export { AttemptLog } from './attemptLogs/attemptLog.ts';
export type { LogKeeper, RunLog } from './attemptLogs/logShipper.ts';
export { systemClock } from './attempt/chain/clock.ts';
export { silentLogger } from './handler/logger.ts';
export { millisecondsOf } from './handler/duration.ts';
export { RegisteredHandlers } from './registeredHandlers.ts';
