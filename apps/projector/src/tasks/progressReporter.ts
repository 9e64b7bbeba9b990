import type { Progress } from './progressMeter.ts';

/** Stores the progress of a task, undefined before the first; returns why the task must end, if it must. */
type Report = (progress: Progress | undefined) => Promise<Error | undefined>;

/** Reports the progress of a task that another process has requested, at intervals, and learns whether the task must end. */
export class ProgressReporter {
  readonly #end = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #progress: Progress | undefined;

  constructor(intervalMs: number, report: Report) {
    const tell = async () => {
      const reason = await report(this.#progress);
      if (reason !== undefined) this.#end.abort(reason);
    };
    this.#timer = setInterval(() => void tell().catch(() => {}), intervalMs); // the next report tells the same
  }

  /** Aborted with the reason why the task must end. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  readonly onProgress = (progress: Progress): void => {
    this.#progress = progress;
  };

  stop(): void {
    clearInterval(this.#timer);
  }
}
