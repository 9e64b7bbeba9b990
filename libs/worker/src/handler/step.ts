import type { NewBackoff } from '@jobstream/client';

/** What a step knows about its run. */
export interface StepContext {
  readonly name: string;
  /** That of the options, as text. */
  readonly key?: string;
  /** 1 for the first run of the step in this attempt of its job. */
  readonly attempt: number;
  /**
   * A UUID that is the same in every run of this step of this job, and another one for each other step, job, and payload that the job
   * is given. Send it to systems that recognise repeated requests by such a key.
   */
  readonly idempotencyKey: string;
  /** That of the attempt. */
  readonly signal: AbortSignal;
}

export interface StepOptions {
  /** Tells the steps apart that a loop runs under one name: 1 to 128 characters without control characters. */
  readonly key?: string | number;
  /** How often the step is run within this attempt of its job while it throws, from 1 to 100; default 1. */
  readonly maxAttempts?: number;
  /** How long it waits before it is run again, at most 30 s each time; default exponential from 1 s on. The slot stays taken. */
  readonly backoff?: NewBackoff;
}

type StepWork<Result> = (step: StepContext) => Result | Promise<Result>;

/** Runs a piece of work once for a job; see JobContext. */
export interface RunStep {
  <Result>(name: string, work: StepWork<Result>): Promise<Result>;
  <Result>(name: string, options: StepOptions, work: StepWork<Result>): Promise<Result>;
}
