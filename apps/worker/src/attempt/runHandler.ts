import { setTimeout as pause } from 'node:timers/promises';
import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { AttemptAbortedError } from '../handler/attemptAbortedError.ts';
import type { JobContext } from '../handler/jobContext.ts';
import type { WorkerContext } from '../workerContext.ts';
import type { Attempt } from './attempt.ts';
import { AttemptAbort } from './attemptAbort.ts';
import type { Ending, Outcome } from './outcome.ts';
import { ProgressReporter } from './progressReporter.ts';
import { readableJob } from './readableJob.ts';

/** How long a handler may take to end after its signal was aborted, before it is left to itself. */
const ABANDON_AFTER_MS = 500;

/** Runs the handler to its end, its deadline or the worker's, or until the job is cancelled; all its progress is appended when this returns. */
export async function runHandler(attempt: Attempt, context: WorkerContext): Promise<Outcome> {
  const { closing, cancelWatch, tracing } = context;
  using abort = new AttemptAbort(attempt.chain.job.timeoutMs, closing);
  using _guard = cancelWatch.guard(attempt, abort);
  const progress = new ProgressReporter(attempt.chain, attempt.number, (error) => {
    if (error instanceof ConcurrentAppendError) abort.overtaken();
  });
  const startedAt = performance.now();
  const given = { ...handlerContext(attempt, abort.signal, progress), traceparent: tracing.current() };
  const ending = await endOf(attempt, given, context);
  const durationMs = Math.round(performance.now() - startedAt);
  await progress.finish();
  return { ...ending, durationMs };
}

function handlerContext(
  { chain, number, logger }: Attempt,
  signal: AbortSignal,
  reporter: ProgressReporter,
): JobContext {
  return { job: chain.job, attempt: number, signal, log: logger, progress: (progress) => reporter.report(progress) };
}

async function endOf({ handler, logger }: Attempt, ctx: JobContext, context: WorkerContext): Promise<Ending> {
  const aborted = abortionOf(ctx.signal);
  const run = async () => {
    const job = await readableJob(ctx.job, context);
    return handler.run(job.payload, { ...ctx, job });
  };
  const ended = settled(run());
  const first = await Promise.race([ended, aborted]);
  if (!ctx.signal.aborted) return first;
  const stopped = await Promise.race([ended, pause(ABANDON_AFTER_MS)]);
  if (stopped === undefined) logger.warn({ reason: ctx.signal.reason }, 'the handler ignores its signal: abandoned');
  return aborted;
}

function settled(running: Promise<unknown>): Promise<Ending> {
  return running.then(
    (value) => ({ kind: 'returned', value }),
    (error: unknown) => ({ kind: 'threw', error }),
  );
}

function abortionOf(signal: AbortSignal): Promise<Ending> {
  const ending = (): Ending => ({ kind: 'aborted', error: signal.reason as AttemptAbortedError });
  if (signal.aborted) return Promise.resolve(ending());
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(ending()), { once: true }));
}
