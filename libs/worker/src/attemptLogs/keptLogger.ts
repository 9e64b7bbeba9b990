import type { AttemptLogLevel } from '@jobstream/domain';
import type { Logger } from '../handler/logger.ts';
import { boundFields, type GivenLine } from './logLine.ts';

/** What the lines of one run are given to; it must not throw. */
export interface LineKeeper {
  /** Whether errors are kept with their stacks. */
  readonly stacks: boolean;
  /** Whether lines of this level are kept. */
  keeps(level: AttemptLogLevel): boolean;
  keep(line: Omit<GivenLine, 'time' | 'stacks'>): void;
}

/** A logger whose lines are written by another one and kept as well. */
export class KeptLogger implements Logger {
  readonly #written: Logger;
  readonly #keeper: LineKeeper;
  readonly #bound: string;

  constructor(written: Logger, keeper: LineKeeper, bound = '') {
    this.#written = written;
    this.#keeper = keeper;
    this.#bound = bound;
  }

  debug(first: object | string, message?: string): void {
    this.#log('debug', first, message);
  }

  info(first: object | string, message?: string): void {
    this.#log('info', first, message);
  }

  warn(first: object | string, message?: string): void {
    this.#log('warn', first, message);
  }

  error(first: object | string, message?: string): void {
    this.#log('error', first, message);
  }

  child(fields: object): Logger {
    return new KeptLogger(
      this.#written.child(fields),
      this.#keeper,
      boundFields(this.#bound, fields, this.#keeper.stacks),
    );
  }

  #log(level: AttemptLogLevel, first: object | string, message: string | undefined): void {
    // pino takes an argument that is undefined for one.
    if (message === undefined) this.#written[level](first as string);
    else this.#written[level](first as object, message);
    if (this.#keeper.keeps(level)) this.#keeper.keep({ level, bound: this.#bound, first, message });
  }
}
