import type { Config } from './config.ts';

/** Selects how much of the log lines of attempts is kept, for processes that create their stream. */
export function logsRetention(config: Config) {
  return { maxAgeMs: config.ATTEMPT_LOGS_MAX_AGE, maxBytes: config.ATTEMPT_LOGS_MAX_BYTES };
}
