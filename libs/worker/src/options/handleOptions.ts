/** Limits of one job type in this process. */
export interface HandleOptions {
  /** Attempts that may run at once; default: the worker's `concurrency`. */
  readonly concurrency?: number;
  /** At most `starts` attempts begin within any `perMs` milliseconds; default: no limit. */
  readonly rate?: { readonly starts: number; readonly perMs: number };
}

/** How handlers run in threads. */
export interface ThreadOptions extends HandleOptions {
  /** The largest number of threads, 1 to 1,000, and thus of attempts that run at once. Threads start when they are needed. */
  readonly threads: number;
  /** The largest heap of a thread, in megabytes; default: Node's. An attempt that needs more fails. */
  readonly maxHeapMb?: number;
}
