import type { Percentiles } from '../measure/percentiles.ts';

/** What the bench asks of a client process, one at a time. */
export type Command =
  | { readonly do: 'enqueueMany'; readonly count: number; readonly chunk: number; readonly inFlight: number }
  | { readonly do: 'enqueueEach'; readonly count: number; readonly inFlight: number }
  | { readonly do: 'work'; readonly concurrency: number; readonly expected: number; readonly warmUp?: number }
  | {
      readonly do: 'offer';
      readonly rate: number;
      readonly seconds: number;
      /** Jobs at the beginning whose latency does not count. */
      readonly warmUp: number;
      readonly sampleEvery: number;
    };

/** What one command took in its process. */
export interface Outcome {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  /** From when a job should have been created until its handler started, or until a reader saw it completed. */
  readonly latency?: Percentiles | undefined;
}

export type Answer = { readonly outcome: Outcome } | { readonly failure: string };
