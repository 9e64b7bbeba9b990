import { setTimeout as pause } from 'node:timers/promises';
import { AppEndedError } from './appProcess.ts';

/** A process that can be started again after it has ended: an app or a server. */
export interface RestartableProcess {
  /** Called when the process ends unexpectedly after it was ready. */
  onUnexpectedExit: (how: string) => void;
  /** Resolves when the process is ready. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Sends a signal; with SIGKILL resolves when the process has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export interface SupervisionOptions {
  readonly name: string;
  /** Receives a line of text at each end and restart. */
  readonly report?: (line: string) => void;
  /** Failed starts after which `start` rejects; default 1. */
  readonly startAttempts?: number;
  /** The pause before a restart; it doubles up to `longestPauseMs` while the process does not stay up that long. */
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
}

/** The exit code of an app whose settings are invalid: another start cannot succeed. */
const INVALID_SETTINGS = 2;
const CRASHES_KEPT = 100;

/** Restarts a process whenever it ends unexpectedly, until it is stopped or killed through this object. */
export class SupervisedProcess {
  /** How the process has ended unexpectedly, oldest first; at most the last 100. */
  readonly crashes: string[] = [];
  readonly name: string;
  readonly #process: RestartableProcess;
  readonly #options: Required<SupervisionOptions>;
  #run = new AbortController();
  #pauseMs: number;
  #startedAt = 0;

  constructor(process: RestartableProcess, options: SupervisionOptions) {
    const defaults = { report: () => {}, startAttempts: 1, firstPauseMs: 500, longestPauseMs: 30_000 };
    this.#options = { ...defaults, ...options };
    this.name = options.name;
    this.#pauseMs = this.#options.firstPauseMs;
    this.#process = process;
    process.onUnexpectedExit = (how) => void this.#crashed(how);
  }

  /**
   * Starts the process; resolves when it is ready, or when it is stopped before.
   *
   * @throws the failure of the last start, after `startAttempts` of them or at once if the settings are invalid.
   */
  async start(): Promise<void> {
    const { signal } = (this.#run = new AbortController());
    const { startAttempts, firstPauseMs, report } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      const failure = await this.#tryStart();
      if (failure === undefined || signal.aborted) return;
      const isHopeless = failure instanceof AppEndedError && failure.exitCode === INVALID_SETTINGS;
      if (isHopeless || attempt >= startAttempts) throw failure;
      report(`${failure.message}; starting it again`);
      if (!(await waited(firstPauseMs, signal))) return;
    }
  }

  /** Stops the process, waits for its end, and does not restart it before `start`. */
  stop(): Promise<void> {
    this.#run.abort();
    return this.#process.stop();
  }

  /** Stops the process and starts it again, as often as it takes; resolves when it is ready, or stopped before. */
  async restart(): Promise<void> {
    this.#run.abort();
    const { signal } = (this.#run = new AbortController());
    await this.#process.stop();
    if (!signal.aborted) await this.#startAgain(signal);
  }

  /** Kills the process, and does not restart it before `start`. */
  kill(): Promise<void> {
    this.#run.abort();
    return this.#process.kill('SIGKILL');
  }

  /** Sends a signal; a process that ends by it is restarted. */
  signal(signal: NodeJS.Signals): Promise<void> {
    return this.#process.kill(signal);
  }

  async #crashed(how: string): Promise<void> {
    const { signal } = this.#run;
    this.crashes.splice(0, this.crashes.length - CRASHES_KEPT + 1);
    this.crashes.push(how);
    if (!signal.aborted && (await this.#pauseAfter(how, signal))) await this.#startAgain(signal);
  }

  /** Starts the process until that succeeds, with a pause after each failure. */
  async #startAgain(signal: AbortSignal): Promise<void> {
    for (;;) {
      const failure = await this.#tryStart();
      if (signal.aborted) return;
      if (failure === undefined) return this.#options.report(`${this.name} runs again`);
      if (!(await this.#pauseAfter(failure.message, signal))) return;
    }
  }

  /** Returns false if the process was stopped meanwhile. */
  async #pauseAfter(reason: string, signal: AbortSignal): Promise<boolean> {
    const { firstPauseMs, longestPauseMs, report } = this.#options;
    const pauseMs = Date.now() - this.#startedAt > longestPauseMs ? firstPauseMs : this.#pauseMs;
    report(`${this.name} ended (${reason}); starting it again in ${pauseMs / 1_000} s`);
    this.#pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    return waited(pauseMs, signal);
  }

  async #tryStart(): Promise<Error | undefined> {
    this.#startedAt = Date.now();
    try {
      return await this.#process.start().then(() => undefined);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

/** Returns false if the signal interrupted the pause. */
function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  return pause(ms, true, { signal }).catch(() => false);
}
