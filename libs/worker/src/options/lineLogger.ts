import { type ProcessLogLevel, processLogLevels } from '@jobstream/domain';
import type { Logger } from '../handler/logger.ts';

interface LineLoggerOptions {
  /** Lines below this level are left out. */
  readonly level: ProcessLogLevel;
  readonly write: (line: string) => void;
  /** Added to each line. */
  readonly fields?: object;
}

/** A logger that writes one JSON object a line: level, time, fields, message. No line has the level trace or fatal. */
export function lineLogger({ level, write, fields = {} }: LineLoggerOptions): Logger {
  const at = (lineLevel: ProcessLogLevel) => {
    if (processLogLevels.indexOf(lineLevel) < processLogLevels.indexOf(level)) return () => undefined;
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

/** What LOG_LEVEL says; it may be meant for another logger of the program as well. */
function environmentLevel(): { readonly given: string; readonly level: ProcessLogLevel } {
  const given = process.env['LOG_LEVEL'] || 'info';
  return { given, level: processLogLevels.find((level) => level === given) ?? 'info' };
}

/** The logger of a process that has no other: on standard output, from the level in LOG_LEVEL on, default `info`. */
export function standardOutputLogger(): Logger {
  const { given, level } = environmentLevel();
  const logger = lineLogger({ level, write: (line) => void process.stdout.write(line) });
  if (given !== level) {
    logger.warn(
      `expected LOG_LEVEL to be one of ${processLogLevels.join(', ')}, got: ${given}. Lines from info on are logged.`,
    );
  }
  return logger;
}

/** Returns whether that logger writes warnings. */
export function standardOutputWarns(): boolean {
  return processLogLevels.indexOf(environmentLevel().level) <= processLogLevels.indexOf('warn');
}
