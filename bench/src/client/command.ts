import type { WindowLatency, Windows } from '../measure/windowedLatencies.ts';

/** What the bench asks of a client process, one at a time. */
export type Command =
  | { readonly do: 'enqueueMany'; readonly count: number; readonly chunk: number; readonly inFlight: number }
  | { readonly do: 'enqueueEach'; readonly count: number; readonly inFlight: number }
  | { readonly do: 'work'; readonly concurrency: number; readonly expected: number; readonly windows?: Windows }
  | {
      readonly do: 'offer';
      readonly rate: number;
      readonly count: number;
      readonly windows: Windows;
      /** Looks when every such job has completed; 0 for none. */
      readonly sampleEvery: number;
    };

/** What one command took in its process. */
export interface Outcome {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  /** From when a job should have been created until its handler started, or until a reader saw it completed; by windows of time. */
  readonly windows?: readonly WindowLatency[] | undefined;
}

export type Answer = { readonly outcome: Outcome } | { readonly failure: string };
