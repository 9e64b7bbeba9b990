import type { Duration } from './duration.ts';

export interface SleepOptions {
  /** Tells the sleeps apart that a loop begins under one name: 1 to 128 characters without control characters. */
  readonly key?: string | number;
}

/** Waits for a while, within an attempt; see JobContext. */
export type Sleep = (name: string, duration: Duration, options?: SleepOptions) => Promise<void>;

/** Waits until an instant, within an attempt; see JobContext. */
export type SleepUntil = (name: string, at: Date | string, options?: SleepOptions) => Promise<void>;
