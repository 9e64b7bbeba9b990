import { Worker } from 'node:worker_threads';
import { silentLogger, type Logger } from '../handler/logger.ts';
import { RunBoard, SHARED, sharedBoard, type BoardRun } from './runBoard.ts';
import { WATCHDOG_PROGRAM } from './watchdogThread.ts';

/** Where the thread writes its lines: beside the logger, whose event loop is blocked. */
export interface WatchdogLog {
  /** 1 for standard output, 2 for standard error. */
  readonly fd: 1 | 2;
  /** As the logger writes it: a word, or a number of pino. */
  readonly level: 'warn' | number;
  /** Added to each line. */
  readonly fields?: object;
}

/** What a pino logger has beside the methods of a logger. */
interface PinoLogger extends Logger {
  isLevelEnabled(level: string): boolean;
  bindings(): object;
}

const PINO_WARN = 40;

/**
 * Returns how a thread writes lines that fit those of a logger: to standard error, since where the logger writes is not known, unless
 * `fd` is given. Undefined for a logger that writes no warnings.
 */
export function logBeside(logger: Logger, fd: WatchdogLog['fd'] = 2): WatchdogLog | undefined {
  if (logger === silentLogger) return undefined;
  if (!isPino(logger)) return { fd, level: 'warn' };
  return logger.isLevelEnabled('warn') ? { fd, level: PINO_WARN, fields: logger.bindings() } : undefined;
}

function isPino(logger: Logger): logger is PinoLogger {
  return 'isLevelEnabled' in logger && 'bindings' in logger;
}

/** A time during which the event loop was blocked while jobs ran. */
export interface BlockedLoop {
  readonly durationMs: number;
  readonly runCount: number;
  /** The jobs that ran, at most 100. */
  readonly runs: readonly BoardRun[];
}

export interface LoopWatchdogOptions {
  readonly logger: Logger;
  /** Default: the thread writes no lines. */
  readonly log?: WatchdogLog | undefined;
  /** Called after each time, when the loop runs again. */
  readonly onBlocked: (blocked: BlockedLoop) => void;
}

const BEAT_MS = 250;
const BLOCKED_MS = 1_000;
/** By more than this the thread is late only if the process was frozen, or hardly gets a processor. */
const LATE_MS = 500;

/**
 * Names an event loop that has been blocked for a second while jobs run, and the jobs: a thread writes it to the log while it is
 * blocked, and it is reported when it runs again. A run costs less than a microsecond, the loop a timer that does not keep
 * the process alive, four times a second.
 */
export class LoopWatchdog {
  readonly board = new RunBoard();
  readonly #options: LoopWatchdogOptions;
  #thread: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LoopWatchdogOptions) {
    this.#options = options;
  }

  /** Without the permission to start threads, the worker works on without it. */
  start(): void {
    const { log, logger } = this.#options;
    try {
      this.#thread = new Worker(WATCHDOG_PROGRAM, {
        eval: true,
        // Nothing that the program has loaded first, such as a hook for TypeScript or tracing, belongs into it.
        execArgv: [],
        env: {},
        resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
        workerData: {
          board: sharedBoard(this.board),
          BEATS: SHARED.beats,
          RUNS: SHARED.runs,
          blockedMs: BLOCKED_MS,
          lateMs: LATE_MS,
          log,
        },
      });
    } catch (error) {
      return logger.debug({ err: error }, 'a blocked event loop will not be named: the thread cannot start');
    }
    this.#thread.on('error', (error) => logger.debug({ err: error }, 'a blocked event loop is not named any more'));
    this.#thread.on('message', (blocked: BlockedLoop) => this.#onBlocked(blocked));
    this.#thread.unref();
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#thread?.terminate();
  }

  #beat(): void {
    Atomics.add(this.board.numbers, SHARED.beats, 1);
    Atomics.notify(this.board.numbers, SHARED.beats);
  }

  #onBlocked(blocked: BlockedLoop): void {
    const { logger, onBlocked } = this.#options;
    const { durationMs: blockedMs, runCount, runs } = blocked;
    logger.warn({ blockedMs, runCount, runs }, 'the event loop was blocked, and runs again');
    onBlocked(blocked);
  }
}
