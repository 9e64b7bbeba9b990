export { authSettings } from './config/authSettings.ts';
export type { AuthSettings, JwtSettings } from './config/authSettings.ts';
export { ConfigError, misspeltSettings, readConfig } from './config/config.ts';
export type { Config } from './config/config.ts';
export { eventLogMetrics } from './metrics/eventLogMetrics.ts';
export { eventLogSettings } from './config/eventLogSettings.ts';
export { logsRetention } from './config/logsRetention.ts';
export { HealthServer } from './http/healthServer.ts';
export type { HealthServerOptions } from './http/healthServer.ts';
export { nearestNames } from './config/nearestNames.ts';
export { isLoopback } from './config/setting.ts';
export type { TypeLimits } from './config/workerLimits.ts';
export { ListenError } from './http/listenError.ts';
export { createLogger, STANDARD_OUTPUT } from './service/logger.ts';
export type { Logger } from './service/logger.ts';
export { boundedLabel, cachedFor, Metrics } from './metrics/metrics.ts';
export type { GaugeOptions, HistogramOptions, MetricOptions } from './metrics/metrics.ts';
export type { Rate } from './config/setting.ts';
export { Readiness } from './http/readiness.ts';
export type { ReadinessCheck, ReadinessNote, ReadinessReport } from './http/readiness.ts';
export { runProcess } from './process/runProcess.ts';
export type { BuildServices, Instruments } from './process/runProcess.ts';
export type { Service } from './service/service.ts';
export { parseTraceparent } from './tracing/tracing.ts';
export { Tracing } from './tracing/tracing.ts';
export type { SpanEnd, SpanOptions, TracedSpan, TracingOptions } from './tracing/tracing.ts';
export { countOf } from './process/countOf.ts';
export {
  asksForHelp,
  helpOf,
  parseCommandLine,
  readCommandLine,
  typedCommand,
  USAGE_EXIT_CODE,
  UsageError,
} from './process/commandLine.ts';
export type { CommandLine, CommandOption } from './process/commandLine.ts';
export { BackgroundLoop, pauseUnlessStopped } from './service/backgroundLoop.ts';
export type { NextTurn, Pause } from './service/backgroundLoop.ts';
export { PeriodicLoop } from './service/periodicLoop.ts';
