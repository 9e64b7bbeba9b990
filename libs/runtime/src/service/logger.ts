import { secretFields, timestampOf } from '@jobstream/domain/logging';
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/**
 * Fields that the logger redacts, at the top level and in the objects that usually contain them. Without wildcards, with
 * which pino takes twenty times as long for every line (measured: 30 µs).
 */
export const redactedPaths: readonly string[] = [
  ...secretFields,
  'headers.authorization',
  'headers.cookie',
  'req.headers.authorization',
  'req.headers.cookie',
  'job.payload',
  'event.data',
];

export interface LoggerOptions {
  readonly service: string;
  readonly level: string;
  /**
   * Whether the lines of one turn of the event loop are written together at its end, and with the first warning or error. For a process
   * that logs each request: a line costs a third of a write. A process that is killed loses those of its last turn.
   */
  readonly gathersLines?: boolean;
}

/** The file descriptor to which the logger writes. */
export const STANDARD_OUTPUT = 1;
const GATHERED_BYTES = 8_192;
const WARN = pino.levels.values['warn'] ?? 0;

/** Creates a JSON logger on standard output, with `service` in every line. Payloads and secrets must not be logged. */
export function createLogger({ service, level, gathersLines = false }: LoggerOptions): Logger {
  const options = {
    level,
    base: { service, pid: process.pid },
    timestamp: () => `,"time":"${timestampOf(Date.now())}"`,
    redact: [...redactedPaths],
  };
  return pino(options, gathersLines ? new GatheringDestination() : destination());
}

/** Asynchronous writes are reordered around a fatal line, and some are lost when the process exits at once. */
function destination(minLength = 0) {
  return pino.destination({ dest: STANDARD_OUTPUT, sync: true, minLength });
}

/** pino sets `lastLevel` before it writes a line. */
class GatheringDestination implements DestinationStream {
  readonly [pino.symbols.needsMetadataGsym] = true;
  lastLevel = 0;
  readonly #lines = destination(GATHERED_BYTES);
  #isFlushDue = false;

  constructor() {
    process.once('exit', () => this.flushSync());
  }

  write(line: string): void {
    this.#lines.write(line);
    if (this.lastLevel >= WARN) return this.#flush();
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => this.#flush());
  }

  flushSync(): void {
    this.#lines.flushSync();
  }

  #flush(): void {
    this.#isFlushDue = false;
    this.#lines.flush();
  }
}
