import { type Percentiles, percentilesMs } from './percentiles.ts';

/** The latencies of the jobs that were offered in one window of time, in ms. */
export interface WindowLatency extends Percentiles {
  /** How many jobs it has latencies of. */
  readonly jobs: number;
}

/** How jobs are divided into windows by their numbers. */
export interface Windows {
  /** Jobs before the first window. */
  readonly warmUp: number;
  readonly jobsPerWindow: number;
}

/** Collects latencies by the window in which their jobs were offered. */
export class WindowedLatencies {
  readonly #windows: Windows;
  readonly #micros: number[][] = [];

  constructor(windows: Windows) {
    this.#windows = windows;
  }

  /** Adds the latency of job `n`, in µs; one before the first window does not count. */
  add(n: number, micros: number): void {
    const { warmUp, jobsPerWindow } = this.#windows;
    if (n >= warmUp) (this.#micros[Math.floor((n - warmUp) / jobsPerWindow)] ??= []).push(micros);
  }

  all(): readonly WindowLatency[] {
    return this.#micros.flatMap((micros) => {
      const latency = percentilesMs(micros);
      return latency === undefined ? [] : [{ jobs: micros.length, ...latency }];
    });
  }
}
