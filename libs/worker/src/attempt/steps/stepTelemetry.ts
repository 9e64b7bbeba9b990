import type { Job } from '@jobstream/domain';

/**
 * What became of a step: `completed` and `failed` are recorded; `aborted` with its attempt; `unrecorded` although its work was done: the job
 * has moved on, the results have no room, or the worker closed. `reused`: an earlier attempt had recorded its result.
 */
export type StepEnd = 'completed' | 'failed' | 'aborted' | 'unrecorded' | 'reused';

/** Is called at the end of steps, for metrics. */
export interface StepObserver {
  /** A step of a handler is over, after `ms` milliseconds if it has run. */
  stepEnded(jobType: string, end: StepEnd, ms?: number): void;
}

interface StepSpan {
  within<Result>(work: () => Result): Result;
  end(end: { readonly attributes: Readonly<Record<string, string>>; readonly failure: string | undefined }): void;
}

/** Records a span within the one that is active. */
interface StepTracing {
  span(options: {
    readonly name: string;
    readonly kind: 'internal';
    readonly attributes: Readonly<Record<string, string>>;
  }): StepSpan;
}

/** What steps are measured with. */
export interface StepInstruments {
  readonly observer: StepObserver;
  readonly tracing: StepTracing;
}

/** A step that runs, to be measured until its end. */
export interface MeasuredStep {
  /** Runs its work within its span. */
  within<Result>(work: () => Result): Result;
  end(end: StepEnd): void;
}

const FAILURES: ReadonlySet<StepEnd> = new Set(['failed', 'unrecorded']);

/** Measures a step, and traces it by its name: keys may be personal data. */
export function beginStep(name: string, { id, type }: Job, { observer, tracing }: StepInstruments): MeasuredStep {
  const startedAt = performance.now();
  const attributes = { 'jobstream.job.id': id, 'jobstream.job.type': type, 'jobstream.step.name': name };
  const span = tracing.span({ name: `step ${name}`, kind: 'internal', attributes });
  return {
    within: (work) => span.within(work),
    end: (end) => {
      observer.stepEnded(type, end, performance.now() - startedAt);
      span.end({ attributes: { 'jobstream.step.outcome': end }, failure: FAILURES.has(end) ? end : undefined });
    },
  };
}
