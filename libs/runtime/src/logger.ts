import { pino, type Logger } from 'pino';

export type { Logger } from 'pino';

/** A JSON logger on standard output; `service` stands in every line. Payloads and secrets must not be logged. */
export function createLogger({ service, level }: { service: string; level: string }): Logger {
  return pino({
    level,
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ['req.headers.authorization', 'req.headers.cookie'],
  });
}
