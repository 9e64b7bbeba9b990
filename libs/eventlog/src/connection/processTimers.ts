/** A timer that was set. */
export type Timer = object;

/** Monotonic time and timers, in milliseconds: those of the process, or of a test's own clock. */
export interface Timers {
  now(): number;
  setTimeout(run: () => void, ms: number): Timer;
  clearTimeout(timer: Timer | undefined): void;
}

/** The timers of this process. */
export const systemTimers: Timers = {
  now: () => performance.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};
