// The entrance for this repository's own worker, tests and benchmarks, and for @jobstream/testing, which must have the same
// classes as the handlers of its user. Users have it in their packages, without types: it can change in any release.
export { decide, decodeJobEvent, encodeJobEvent, isRejection, isTerminal, uuidV8 } from '@jobstream/domain';
export type { JobEvent } from '@jobstream/domain';
export { dueTimeFaults, jobSettings, MAX_PAYLOAD_BYTES, type NewJobRequest } from '@jobstream/domain';
export type { RecordedEvent } from '@jobstream/eventlog';
export { ConcurrentAppendError, EventLog, MemoryEventLog, MemoryServer, VirtualClock } from '@jobstream/eventlog';
export { AttemptRunner, type AttemptRunnerOptions } from './attemptRunner.ts';
export { systemClock, type Clock } from './attempt/clock.ts';
export { isUnavailable, retryUntilAvailable } from './attempt/retryUntilAvailable.ts';
export { attemptMetrics } from './telemetry/attemptMetrics.ts';
export { handlerRegistry, jobHandler } from './handler/jobHandler.ts';
export type { Handler, HandlerRegistry } from './handler/jobHandler.ts';
export { capText } from './handler/jobErrorOf.ts';
export { silentLogger } from './handler/logger.ts';
export { RegisteredHandlers } from './registeredHandlers.ts';
export { JobWorker } from './jobWorker.ts';
