import { timeLeftMs, type Job } from '@jobstream/domain';
import { ConcurrentAppendError, isSealed, isShredded, isUnreadable, type Timer } from '@jobstream/eventlog';
import { AttemptSuspendedError, UnrecoverableError } from '../handler/handlerErrors.ts';
import { HOLD, type HoldableContext } from '../handler/hold.ts';
import { KeptLogger } from '../attemptLogs/keptLogger.ts';
import type { RunLog } from '../attemptLogs/logShipper.ts';
import { AttemptAbort } from './attempt.ts';
import type { Attempt, Ending, Outcome } from './attempt.ts';
import type { AttemptContext } from './attemptContext.ts';
import { ProgressReporter } from './chain/progressReporter.ts';
import { retryUntilAvailable } from './chain/retryUntilAvailable.ts';
import { AttemptSteps, type StepsEnd } from './attemptSteps.ts';
import type { StepArguments } from './steps/stepCall.ts';

/** How long a handler may take to end after its signal was aborted, before it is abandoned. */
const ABANDON_AFTER_MS = 500;

/** What a run of a handler works with. */
interface Run {
  readonly attempt: Attempt;
  readonly abort: AttemptAbort;
  readonly progress: ProgressReporter;
  readonly log: RunLog | undefined;
  /** Must have settled before the handler begins. */
  readonly firstCheck: Promise<unknown> | undefined;
  /** Made when the handler runs its first one. */
  steps?: AttemptSteps;
}

/**
 * Runs the handler to its end, to its deadline or the worker's, or until the job is cancelled. All its progress is
 * appended when this returns.
 */
export async function runHandler(attempt: Attempt, context: AttemptContext): Promise<Outcome> {
  const { job } = attempt.chain;
  const abort = new AttemptAbort(job.timeoutMs, context.timers, timeLeftMs(job));
  const guard = context.cancelWatch.guard(attempt, abort);
  const progress = new ProgressReporter(attempt.chain, attempt.number, (error) => {
    if (error instanceof ConcurrentAppendError) abort.overtaken();
  });
  const log = openLog(attempt, context);
  const spot = showRun(attempt, context);
  try {
    const startedAt = performance.now();
    const run: Run = { attempt, abort, progress, log, firstCheck: guard.firstCheck };
    const ending = await endOf(run, context);
    run.steps?.over();
    const durationMs = Math.round(performance.now() - startedAt);
    const reported = progress.finish();
    if (reported !== undefined) await reported;
    return { ...ending, durationMs };
  } finally {
    log?.end();
    if (spot !== undefined) context.board?.leave(spot);
    guard.isOver = true;
    abort.over();
  }
}

function openLog({ delivery, number, runId }: Attempt, { logs }: AttemptContext): RunLog | undefined {
  return logs?.open({ jobId: delivery.jobId, attempt: number, runId }, delivery.jobType);
}

function showRun({ delivery, number }: Attempt, { board }: AttemptContext): number | undefined {
  return board?.enter({ jobId: delivery.jobId, jobType: delivery.jobType, attempt: number });
}

/** After the abort the handler has a moment to end, but its result is ignored. */
function endOf(run: Run, context: AttemptContext): Promise<Ending> {
  const { attempt, abort } = run;
  const { timers } = context;
  return new Promise((resolve) => {
    let abandon: Timer | undefined;
    const handlerEnded = (ending: Ending) => {
      if (run.steps === undefined) end(ending);
      else
        void run.steps
          .settled()
          .then((settled) => end(abort.error === undefined ? endingOf(ending, settled, attempt) : ending));
    };
    const end = (ending: Ending) => {
      timers.clearTimeout(abandon);
      abort.onAbort(undefined);
      resolve(abort.error === undefined ? ending : { kind: 'aborted', error: abort.error });
    };
    void callHandler(run, context).then(handlerEnded);
    abort.onAbort((error) => {
      abandon = timers.setTimeout(() => {
        attempt.logger.warn({ reason: error }, 'handler abandoned: it ignores its abort signal');
        resolve({ kind: 'aborted', error });
      }, ABANDON_AFTER_MS);
    });
  });
}

/** How the run has ended, by its handler and by its steps. */
function endingOf(ending: Ending, { fault, suspension }: StepsEnd, { logger }: Attempt): Ending {
  if (fault !== undefined) return { kind: 'threw', ...fault };
  if (suspension === undefined) return ending;
  const { error, ...by } = suspension;
  if (ending.kind !== 'threw' || !(ending.error instanceof AttemptSuspendedError)) {
    const thrown = ending.kind === 'threw' ? { thrown: ending.error } : {};
    logger.error(
      { err: error, ...thrown },
      'the handler has caught the error of a sleep or a wait: let it pass. What the run came to is discarded',
    );
  }
  return { kind: 'suspended', ...by };
}

/** Does not call it if the attempt was aborted by then: the job was cancelled since its claim, or the worker closes. */
async function callHandler(run: Run, context: AttemptContext): Promise<Ending> {
  const { attempt, abort, firstCheck } = run;
  try {
    if (firstCheck !== undefined) await firstCheck;
    const readable = readableJob(attempt.chain.job, context);
    const job = readable instanceof Promise ? await readable : readable;
    if (abort.error !== undefined) throw abort.error;
    return { kind: 'returned', value: await attempt.handler.run(job.payload, handedContext(job, run, context)) };
  } catch (error) {
    return { kind: 'threw', error };
  }
}

function handedContext(job: Job, run: Run, context: AttemptContext): HoldableContext {
  const { attempt, abort, progress, log } = run;
  const { runId, number, logger } = attempt;
  const steps = () => (run.steps ??= new AttemptSteps(attempt, abort, context));
  return {
    job,
    attempt: number,
    runId,
    signal: abort.signal,
    log: log === undefined ? logger : new KeptLogger(logger, log),
    step: (...args: StepArguments) => steps().run(args) as Promise<never>,
    sleep: (name, ms, options) => steps().sleep(name, { ms }, options),
    sleepUntil: (name, until, options) => steps().sleep(name, { until }, options),
    waitFor: (...[name, signal, options]: Parameters<AttemptSteps['waitFor']>) =>
      steps().waitFor(name, signal, options),
    [HOLD]: (work) => steps().during(work),
    progress: (reported) => progress.report(reported),
    traceparent: context.tracing.current(),
  };
}

/** The job as its handler gets it, decrypted; no promise where nothing is encrypted. */
function readableJob(
  job: Job,
  { eventLog, closing }: Pick<AttemptContext, 'eventLog' | 'closing'>,
): Job | Promise<Job> {
  if (!isSealed(job)) return assertReadable(job);
  return retryUntilAvailable(() => eventLog.contents.openJob(job), closing).then(assertReadable);
}

/** Erased is for good; a missing key may be there in the next attempt. */
function assertReadable(job: Job): Job {
  if (isShredded(job.payload)) {
    throw new UnrecoverableError('the payload of the job was erased', { code: 'PAYLOAD_ERASED' });
  }
  if (isUnreadable(job.payload)) throw new Error('this worker has no key for the payload: see PAYLOAD_KEYS');
  return job;
}
