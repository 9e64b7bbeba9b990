import { once } from 'node:events';
import type { Logger } from './handler/logger.ts';

/** How long the program may do what it has to do after the worker has stopped. */
const EXIT_AFTER_MS = 5_000;

/** Something that runs between `start` and `stop`. */
interface Startable {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a part, and stops it at the first SIGTERM or SIGINT; a second one ends the process at once. */
export async function runUntilSignal(part: Startable, logger: Logger): Promise<void> {
  const asked = new AbortController();
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
  } finally {
    await part.stop();
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
  }
  logger.info('stopped');
  setTimeout(exit, EXIT_AFTER_MS, logger).unref();
}

function exit(logger: Logger): void {
  logger.warn(
    'something kept the process alive after the worker had stopped, such as a handler that ignores its signal',
  );
  process.exit();
}
