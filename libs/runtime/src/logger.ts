import { pino, type Logger } from 'pino';
import { redactedPaths } from './redactedPaths.ts';

export type { Logger } from 'pino';

const STANDARD_OUTPUT = 1;

/** A JSON logger on standard output; `service` stands in every line. Payloads and secrets must not be logged. */
export function createLogger({ service, level }: { service: string; level: string }): Logger {
  const options = {
    level,
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: [...redactedPaths],
  };
  // Asynchronous writes come out of order around a fatal line, and some are lost when the process ends at once.
  return pino(options, pino.destination({ dest: STANDARD_OUTPUT, sync: true }));
}
