import type { Logger } from '../handler/logger.ts';

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
type LogLevel = (typeof LEVELS)[number];

/** Whether a text is a level of `lineLogger`. */
function isLogLevel(text: string): text is LogLevel {
  return LEVELS.some((level) => level === text);
}

interface LineLoggerOptions {
  /** Lines below this level are left out. */
  readonly level: LogLevel;
  readonly write: (line: string) => void;
  /** Added to each line. */
  readonly fields?: object;
}

/** A logger that writes one JSON object a line: level, time, fields, message. */
export function lineLogger({ level, write, fields = {} }: LineLoggerOptions): Logger {
  const at = (lineLevel: LogLevel) => {
    if (LEVELS.indexOf(lineLevel) < LEVELS.indexOf(level)) return () => undefined;
    return (first: object | string, message?: string) => {
      const [own, msg] = typeof first === 'string' ? [{}, first] : [first, message];
      const line = { level: lineLevel, time: new Date().toISOString(), ...fields, ...own, msg };
      write(`${JSON.stringify(line, plainErrors)}\n`);
    };
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (more) => lineLogger({ level, write, fields: { ...fields, ...more } }),
  };
}

/** Errors have no enumerable properties of their own. */
function plainErrors(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return Object.assign({}, value, { name, message, stack, cause });
}

/** The logger of a process that has no other: on standard output, from the level in LOG_LEVEL on, default `info`. */
export function standardOutputLogger(level = process.env['LOG_LEVEL'] ?? 'info'): Logger {
  return lineLogger({ level: isLogLevel(level) ? level : 'info', write: (line) => void process.stdout.write(line) });
}

/** Returns whether that logger writes warnings. */
export function standardOutputWarns(level = process.env['LOG_LEVEL'] ?? 'info'): boolean {
  return level !== 'error' && level !== 'silent';
}
