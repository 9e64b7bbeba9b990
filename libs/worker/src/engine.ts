// The entrance for this repository's own worker, tests and benchmarks; packages that users install do not have it.
export { systemClock, type Clock } from './attempt/chain/clock.ts';
export { isUnavailable, retryUntilAvailable } from './attempt/chain/retryUntilAvailable.ts';
export { attemptMetrics } from './telemetry/attemptMetrics.ts';
export { handlerRegistry, jobHandler } from './handler/jobHandler.ts';
export type { Handler, HandlerRegistry } from './handler/jobHandler.ts';
export { capText } from './handler/jobErrorOf.ts';
export { silentLogger, type Logger } from './handler/logger.ts';
export { KeptLogger } from './attemptLogs/keptLogger.ts';
export { LogShipper } from './attemptLogs/logShipper.ts';
export { logBeside } from './watchdog/loopWatchdog.ts';
export { JobWorker } from './jobWorker.ts';
export { VERSION } from './announcing/workerIdentity.ts';
