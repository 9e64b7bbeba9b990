import { once } from 'node:events';
import { LogUnavailableError, StreamMismatchError, UnsupportedServerError } from '@jobstream/eventlog';
import type { Logger } from './handler/logger.ts';
import { WorkerOptionsError } from './options/workerOptions.ts';

/** How long the program may do what it has to do after the worker has stopped. */
const EXIT_AFTER_MS = 5_000;
/** The same after a start that failed. What stays beyond that is the socket to a server that does not answer, which the client of NATS leaves open. */
const EXIT_UNSTARTED_AFTER_MS = 1_000;

/** Something that runs between `start` and `stop`. */
interface Startable {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a part, and stops it at the first SIGTERM or SIGINT; a second one ends the process at once. A start that fails for a reason
 * that an operator puts right ends the process with code 1, or 2 for mistakes in its settings, after a line that says which; its stack is
 * logged at debug.
 */
export async function runUntilSignal(part: Startable, logger: Logger): Promise<void> {
  const asked = new AbortController();
  let hasStarted = true;
  const onSignal = (signal: NodeJS.Signals) => {
    if (asked.signal.aborted) process.exit(1);
    logger.info({ signal }, 'stopping');
    asked.abort();
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  try {
    await part.start();
    if (!asked.signal.aborted) {
      logger.info('ready');
      await once(asked.signal, 'abort');
    }
  } catch (error) {
    process.exitCode = tellOperators(error, logger);
    hasStarted = false;
  } finally {
    await part.stop();
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
  }
  if (asked.signal.aborted) logger.info('stopped');
  if (hasStarted) setTimeout(exit, EXIT_AFTER_MS, logger).unref();
  else setTimeout(() => process.exit(), EXIT_UNSTARTED_AFTER_MS).unref();
}

/** Logs what an operator puts right, and returns the exit code. @throws any other error. */
function tellOperators(error: unknown, logger: Logger): number {
  if (error instanceof WorkerOptionsError) {
    for (const problem of error.problems) logger.error(problem);
    return 2;
  }
  if (!isForOperators(error)) throw error;
  logger.error(error.message);
  logger.debug({ err: error }, 'the worker could not start');
  return 1;
}

/** Whether the message of an error says all that one needs to put it right. */
function isForOperators(error: unknown): error is Error {
  return [LogUnavailableError, StreamMismatchError, UnsupportedServerError].some((kind) => error instanceof kind);
}

function exit(logger: Logger): void {
  logger.warn(
    'something kept the process alive after the worker had stopped, such as a handler that ignores its signal',
  );
  process.exit();
}
