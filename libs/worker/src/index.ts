export { createWorker } from './createWorker.ts';
export type { Worker } from './createWorker.ts';
export {
  AttemptAbortedError,
  AttemptSuspendedError,
  InvalidPayloadError,
  RetryAfterError,
  UnrecoverableError,
} from './handler/handlerErrors.ts';
export type { Duration } from './handler/duration.ts';
export type { JobContext, JobHandler, JobProgress } from './handler/jobHandler.ts';
export type { Logger } from './handler/logger.ts';
export type { RunStep, StepContext, StepOptions } from './handler/step.ts';
export type { Sleep, SleepOptions, SleepUntil } from './handler/sleep.ts';
export type { WaitFor, WaitOptions } from './handler/waitFor.ts';
export type { HandleOptions, ThreadOptions } from './options/handleOptions.ts';
export type { HandlerRegistrar } from './registeredHandlers.ts';
export { WorkerOptionsError } from './options/workerOptions.ts';
export type { PayloadKey, WorkerOptions } from './options/workerOptions.ts';
export type { MetricsRegistry } from './telemetry/registryMetrics.ts';
export type { OpenTelemetryApi } from './telemetry/openTelemetryTracing.ts';
