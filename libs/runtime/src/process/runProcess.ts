import { setFlagsFromString } from 'node:v8';
import { ConfigError, misspeltSettings, readConfig, type Config } from '../config/config.ts';
import { Metrics } from '../metrics/metrics.ts';
import { Tracing } from '../tracing/tracing.ts';
import { createLogger, type Logger, type LoggerOptions } from '../service/logger.ts';
import type { Service } from '../service/service.ts';

/** The metrics, tracing and start state of a process. */
export interface Instruments {
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  /** Returns whether all parts have started. */
  readonly started: () => boolean;
}

/**
 * V8 moves to the old generation whatever a place in the code creates, if most of what it created was in use at a few collections, such as
 * those of a start. What is referred to from there stays until the next full collection: one process in seven spent a third more time.
 */
const NO_PRETENURING = '--no-allocation-site-pretenuring';

/** The parts of a process in the order in which they start. */
export type BuildServices = (config: Config, logger: Logger, instruments: Instruments) => readonly Service[];

/**
 * Runs a process named `service`: reads the environment (mistakes go to standard error, exit code 2), starts the parts in
 * order, sends `ready` to the parent, and stops them in reverse on SIGTERM, SIGINT, or when the IPC channel to the parent
 * closes. A part that cannot start ends the process with code 1; a second signal ends it at once.
 */
export async function runProcess(
  service: string,
  build: BuildServices,
  logging: Pick<LoggerOptions, 'gathersLines'> = {},
): Promise<never> {
  setFlagsFromString(NO_PRETENURING);
  const config = configOrExit();
  const logger = createLogger({ service, level: config.LOG_LEVEL, ...logging });
  for (const sentence of misspeltSettings()) logger.warn(sentence);
  const tracing = new Tracing({ endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT, service, logger });
  let allStarted = false;
  const instruments = { metrics: new Metrics().watchProcess(), tracing, started: () => allStarted };
  const stop = stopSignal(logger);
  const running: Service[] = [];
  try {
    for (const part of [tracing, ...build(config, logger, instruments)]) {
      if (stop.aborted) break;
      running.unshift(part);
      await part.start();
    }
    allStarted = !stop.aborted;
    if (allStarted) announceReady(logger);
    await aborted(stop);
  } catch (error) {
    logFailure(error, logger);
    process.exitCode = 1;
  }
  await stopAll(running, logger);
  // A timer or socket of a part that did not stop must not keep the process running.
  process.exit();
}

/** Errors of libraries that this one does not know; their messages say which address, why, and what to do. */
const FOR_OPERATORS = new Set(['DatabaseRefusedError', 'LogUnreachableError']);

/** What an operator puts right is said in one line; the stack, which points into our code, is for debugging. */
function logFailure(error: unknown, logger: Logger): void {
  const message = error instanceof Error ? error.message : String(error);
  const isForOperators = error instanceof Error && FOR_OPERATORS.has(error.name);
  logger.fatal(isForOperators ? {} : { err: error }, message);
  if (isForOperators) logger.debug({ err: error }, 'could not start');
}

function configOrExit(): Config {
  try {
    return readConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}

function announceReady(logger: Logger): void {
  process.send?.('ready');
  logger.info('ready');
}

async function stopAll(parts: readonly Service[], logger: Logger): Promise<void> {
  for (const part of parts) {
    try {
      await part.stop();
    } catch (error) {
      logger.error({ err: error, part: part.name }, 'did not stop cleanly');
      process.exitCode = 1;
    }
  }
  logger.info('stopped');
}

function stopSignal(logger: Logger): AbortSignal {
  const controller = new AbortController();
  let asked = false;
  const stop = (reason: string) => {
    if (controller.signal.aborted) return;
    logger.info({ reason }, 'stopping');
    controller.abort(reason);
  };
  // A signal after the loss of the parent counts as the first: the guard that cleans up after the parent sends it.
  const onSignal = (signal: NodeJS.Signals) => {
    if (asked) process.exit(1);
    asked = true;
    stop(signal);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.once('disconnect', () => stop('parent disconnected'));
  return controller.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
