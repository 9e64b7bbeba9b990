import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { JobContext } from '../handler/jobContext.ts';
import type { WorkerContext } from '../workerContext.ts';
import type { Attempt } from './attempt.ts';
import { AttemptAbort } from './attemptAbort.ts';
import type { Ending, Outcome } from './outcome.ts';
import { ProgressReporter } from './progressReporter.ts';
import { readableJob } from './readableJob.ts';

/** How long a handler may take to end after its signal was aborted, before it is left to itself. */
const ABANDON_AFTER_MS = 500;

/** What a run of a handler works with. */
interface Run {
  readonly attempt: Attempt;
  readonly abort: AttemptAbort;
  readonly progress: ProgressReporter;
  /** What has to be known first. */
  readonly firstLook: Promise<unknown> | undefined;
}

/** Runs the handler to its end, its deadline or the worker's, or until the job is cancelled; all its progress is appended when this returns. */
export async function runHandler(attempt: Attempt, context: WorkerContext): Promise<Outcome> {
  const abort = new AttemptAbort(attempt.chain.job.timeoutMs);
  const guard = context.cancelWatch.guard(attempt, abort);
  const progress = new ProgressReporter(attempt.chain, attempt.number, (error) => {
    if (error instanceof ConcurrentAppendError) abort.overtaken();
  });
  try {
    const startedAt = performance.now();
    const ending = await endOf({ attempt, abort, progress, firstLook: guard.firstLook }, context);
    const durationMs = Math.round(performance.now() - startedAt);
    const reported = progress.finish();
    if (reported !== undefined) await reported;
    return { ...ending, durationMs };
  } finally {
    guard.over();
    abort.over();
  }
}

/** What a handler does after it was told to stop counts no more, but it gets a moment to end. */
function endOf(run: Run, context: WorkerContext): Promise<Ending> {
  const { attempt, abort } = run;
  return new Promise((resolve) => {
    let abandon: NodeJS.Timeout | undefined;
    const settle = (ending: Ending) => {
      clearTimeout(abandon);
      abort.onAbort(undefined);
      resolve(abort.error === undefined ? ending : { kind: 'aborted', error: abort.error });
    };
    handled(run, context).then(
      (value) => settle({ kind: 'returned', value }),
      (error: unknown) => settle({ kind: 'threw', error }),
    );
    abort.onAbort((error) => {
      abandon = setTimeout(() => {
        attempt.logger.warn({ reason: error }, 'the handler ignores its signal: abandoned');
        resolve({ kind: 'aborted', error });
      }, ABANDON_AFTER_MS);
    });
  });
}

/** Not begun at all if it was aborted by then: the job was cancelled since its claim, or the worker closes. */
async function handled({ attempt, abort, progress, firstLook }: Run, context: WorkerContext): Promise<unknown> {
  if (firstLook !== undefined) await firstLook;
  const { chain, number, logger, handler } = attempt;
  const readable = readableJob(chain.job, context);
  const job = readable instanceof Promise ? await readable : readable;
  if (abort.error !== undefined) throw abort.error;
  const given: JobContext = {
    job,
    attempt: number,
    signal: abort.signal,
    log: logger,
    progress: (said) => progress.report(said),
    traceparent: context.tracing.current(),
  };
  return handler.run(job.payload, given);
}
