import { retryDelayMs, stepId, type RecordedStep, type StepOutcome } from '@jobstream/domain';
import { isShredded, isUnreadable, type EventLog, type Timers } from '@jobstream/eventlog';
import { RetryAfterError, UnrecoverableError } from '../../handler/handlerErrors.ts';
import { jobErrorOf } from '../../handler/jobErrorOf.ts';
import { jsonResult } from '../../handler/jsonResult.ts';
import type { Logger } from '../../handler/logger.ts';
import type { Clock } from '../chain/clock.ts';
import type { JobChain } from '../chain/jobChain.ts';
import {
  idempotencyKeyOf,
  LONGEST_WAIT_MS,
  stepCallOf,
  titleOf,
  type StepArguments,
  type StepCall,
} from './stepCall.ts';
import { misusedStep } from './stepErrors.ts';
import { beginStep, type MeasuredStep, type StepEnd, type StepInstruments } from './stepTelemetry.ts';
import { StepRecorder } from './stepRecorder.ts';
import { noPlaceFor, noRoomFor, StepSizes } from './stepSizes.ts';

/** The attempt whose steps these are. */
interface SteppedAttempt {
  readonly chain: JobChain;
  readonly number: number;
  readonly logger: Logger;
}

/** Why the attempt was aborted, if it was. */
interface StepsAbort {
  readonly error: Error | undefined;
  readonly signal: AbortSignal;
  overtaken(): void;
}

interface StepsContext extends StepInstruments {
  readonly eventLog: Pick<EventLog, 'contents'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly errorStacks: boolean;
  /** Says why no step can be recorded yet; undefined, or none, if all can. */
  readonly whyNoSteps?: (() => Promise<string | undefined>) | undefined;
}

/** A step that runs, and what becomes of it. */
interface RunningStep {
  readonly call: StepCall;
  readonly measured: MeasuredStep;
  end: StepEnd;
}

/** How long a step waits for processes of an earlier release to be gone, and how often it looks. */
const UPGRADE_MS = 30_000;
const UPGRADE_LOOK_MS = 1_000;

/** The steps of one attempt: made at the first call of `ctx.step`. */
export class AttemptSteps {
  readonly #attempt: SteppedAttempt;
  readonly #abort: StepsAbort;
  readonly #context: StepsContext;
  readonly #recorded: ReadonlyMap<string, RecordedStep>;
  readonly #sizes: StepSizes;
  readonly #recorder: StepRecorder;
  /** The steps of this attempt, by their ids. */
  readonly #begun = new Set<string>();
  readonly #running = new Set<Promise<unknown>>();
  #fault: { readonly error: unknown } | undefined;
  #isOver = false;

  constructor(attempt: SteppedAttempt, abort: StepsAbort, context: StepsContext) {
    this.#attempt = attempt;
    this.#abort = abort;
    this.#context = context;
    const { steps } = attempt.chain;
    this.#recorded = new Map(steps.map((step) => [stepId(step), step]));
    this.#sizes = new StepSizes(steps, context.eventLog.contents.isEncrypting);
    this.#recorder = new StepRecorder(attempt.chain, attempt.number, () => abort.overtaken());
  }

  /** Returns the result of the step, after its work if that has none yet. Rejects with what the work throws, or why it was not run. */
  run(call: StepArguments): Promise<unknown> {
    const running = this.#run(call);
    this.#running.add(running);
    const leave = () => void this.#running.delete(running);
    running.then(leave, leave);
    return running;
  }

  /**
   * Waits until all steps have ended that run: an attempt that ended before them would have the next one run them beside it. Returns
   * why the attempt fails, whatever its handler has done; undefined if it need not.
   */
  async settled(): Promise<{ readonly error: unknown } | undefined> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    return this.#fault;
  }

  /** The attempt is over: what still runs is not recorded any more. */
  over(): void {
    this.#isOver = true;
  }

  async #run(args: StepArguments): Promise<unknown> {
    this.#assertRuns();
    const call = stepCallOf(args);
    if (this.#begun.has(call.id)) throw twice(call);
    this.#begun.add(call.id);
    const recorded = this.#recorded.get(call.id);
    if (recorded !== undefined && recorded.error === undefined) return this.#reused(recorded, call);
    if (!this.#sizes.takePlace(call.id)) throw this.#failed(noPlaceFor(titleOf(call)));
    await this.#untilUnderstood();
    return this.#runAndRecord(call);
  }

  #reused(recorded: RecordedStep, call: StepCall): unknown {
    this.#context.observer.stepEnded(this.#attempt.chain.job.type, 'reused');
    return readable(recorded, call);
  }

  async #runAndRecord(call: StepCall): Promise<unknown> {
    const measured = beginStep(call.name, this.#attempt.chain.job, this.#context);
    const step: RunningStep = { call, measured, end: 'unrecorded' };
    try {
      return await this.#runMeasured(step);
    } finally {
      measured.end(step.end);
    }
  }

  async #runMeasured(step: RunningStep): Promise<unknown> {
    const startedAt = performance.now();
    const { call, measured } = step;
    const { name, key } = call;
    const ended = () => ({ name, ...(key === undefined ? {} : { key }), durationMs: elapsed(startedAt) });
    let value: unknown;
    try {
      value = await measured.within(() => this.#tries(call));
    } catch (error) {
      step.end = this.#abort.error === undefined ? 'failed' : 'aborted';
      await this.#recordError(error, ended());
      throw error;
    }
    const result = this.#resultOf(value, call);
    const outcome: StepOutcome = result === undefined ? ended() : { ...ended(), result };
    if (!this.#sizes.add(outcome)) throw this.#failed(noRoomFor(titleOf(call)));
    await this.#record(outcome);
    step.end = 'completed';
    return result;
  }

  async #tries(call: StepCall): Promise<unknown> {
    const { name, key, work } = call;
    const { signal } = this.#abort;
    const idempotencyKey = idempotencyKeyOf(this.#attempt.chain.job, call);
    const step = { name, ...(key === undefined ? {} : { key }), idempotencyKey, signal };
    for (let attempt = 1; ; attempt++) {
      try {
        return await work({ ...step, attempt });
      } catch (error) {
        const waitMs = this.#waitAfter(error, attempt, call);
        if (waitMs === undefined) throw error;
        this.#attempt.logger.warn({ step: name, key, tries: attempt, waitMs, error }, 'step failed, will be run again');
        await this.#pause(waitMs);
      }
    }
  }

  /** Milliseconds until the step is run again in this attempt; undefined if it is not. */
  #waitAfter(error: unknown, attempt: number, { maxAttempts, backoff }: StepCall): number | undefined {
    if (attempt >= maxAttempts || this.#abort.error !== undefined || error instanceof UnrecoverableError)
      return undefined;
    const asked = error instanceof RetryAfterError ? error.retryAfterMs : 0;
    // A longer wait is that of the job, which takes no slot.
    if (asked > LONGEST_WAIT_MS) return undefined;
    const delay = Math.min(retryDelayMs(backoff, attempt, this.#context.clock.random()), LONGEST_WAIT_MS);
    return Math.max(delay, asked);
  }

  #resultOf(value: unknown, call: StepCall): unknown {
    try {
      return jsonResult(value, { what: `the result of ${titleOf(call)}`, tooLarge: 'STEP_RESULTS_TOO_LARGE' });
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** For whoever looks at the job; that of an attempt that was aborted says nothing. Never rejects because there is no room. */
  async #recordError(thrown: unknown, ended: Omit<StepOutcome, 'error' | 'result'>): Promise<void> {
    if (this.#abort.error !== undefined) return;
    const outcome = { ...ended, error: jobErrorOf(thrown, { stacks: this.#context.errorStacks }) };
    if (this.#sizes.add(outcome)) await this.#record(outcome);
  }

  async #record(outcome: StepOutcome): Promise<void> {
    if (this.#isOver) throw over();
    try {
      await this.#recorder.record(outcome);
    } catch (error) {
      if (error instanceof UnrecoverableError) this.#failed(error);
      throw this.#abort.error ?? error;
    }
  }

  /** Fails the attempt with the error, whatever the handler does with it. */
  #failed(error: unknown): unknown {
    this.#fault ??= { error };
    return error;
  }

  #assertRuns(): void {
    if (this.#abort.error !== undefined) throw this.#abort.error;
    if (this.#isOver) throw over();
    if (this.#fault !== undefined) throw this.#fault.error;
  }

  /** Until then the results of steps would be lost to processes of an earlier release, and the job would be unreadable to them. */
  async #untilUnderstood(): Promise<void> {
    const { whyNoSteps } = this.#context;
    for (let waitedMs = 0; ; waitedMs += UPGRADE_LOOK_MS) {
      const why = await whyNoSteps?.();
      if (why === undefined) return;
      if (waitedMs >= UPGRADE_MS)
        throw new RetryAfterError(`no step can be recorded yet: ${why}`, UPGRADE_MS, { code: 'UPGRADE_UNFINISHED' });
      if (waitedMs === 0) this.#attempt.logger.warn({ why }, 'the first step waits: it could not be recorded yet');
      await this.#pause(UPGRADE_LOOK_MS);
    }
  }

  /** @throws AttemptAbortedError as soon as the attempt is aborted. */
  #pause(ms: number): Promise<void> {
    const { timers } = this.#context;
    const { signal } = this.#abort;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        timers.clearTimeout(timer);
        reject(this.#abort.error ?? over());
      };
      const timer = timers.setTimeout(() => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}

function elapsed(startedAt: number): number {
  return Math.round(performance.now() - startedAt);
}

function over(): Error {
  return new Error('the attempt is over, and its steps are not recorded any more');
}

function twice(call: StepCall): Error {
  const remedy = call.key === undefined ? `. In a loop give each its key: ctx.step('${call.name}', { key }, …)` : '';
  return misusedStep(`${titleOf(call)} was begun twice in this attempt${remedy}`);
}

/** Erased is for good; a missing key may be there in the next attempt. */
function readable({ result }: RecordedStep, call: StepCall): unknown {
  if (isShredded(result))
    throw new UnrecoverableError(`the result of ${titleOf(call)} was erased`, { code: 'PAYLOAD_ERASED' });
  if (isUnreadable(result))
    throw new Error(`this worker has no key for the result of ${titleOf(call)}: see PAYLOAD_KEYS`);
  return result;
}
