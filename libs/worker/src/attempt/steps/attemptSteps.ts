import { STEPS_PROTOCOL, stepId, timestampOf, WAITS_PROTOCOL } from '@jobstream/domain';
import type { RecordedStep, StepOutcome } from '@jobstream/domain';
import { AttemptSuspendedError, UnrecoverableError } from '../../handler/handlerErrors.ts';
import { jobErrorOf } from '../../handler/jobErrorOf.ts';
import { jsonResult } from '../../handler/jsonResult.ts';
import type { SleepOptions } from '../../handler/sleep.ts';
import { OpenSleeps, type Suspension } from './openSleeps.ts';
import { recordedEnd, recordedResult } from './recordedResult.ts';
import { runTries } from './runTries.ts';
import { sleepCallOf, type SleepCall, type SleepLength } from './sleepCall.ts';
import { stepCallOf, titleOf, type StepArguments, type StepCall } from './stepCall.ts';
import { misusedStep } from './stepErrors.ts';
import { over, type SteppedAttempt, type StepsAbort, type StepsContext } from './stepsParts.ts';
import { StepRecorder } from './stepRecorder.ts';
import { noPlaceFor, noRoomFor, StepSizes } from './stepSizes.ts';
import { beginStep, type MeasuredStep, type StepEnd } from './stepTelemetry.ts';
import { untilUnderstood } from './untilUnderstood.ts';
import { withinStep } from './withinStep.ts';

/** A step that runs, and what becomes of it. */
interface RunningStep {
  readonly call: StepCall;
  readonly measured: MeasuredStep;
  end: StepEnd;
}

/** How the handler has ended, and what its steps make of that. */
export interface StepsEnd {
  /** Why the attempt fails, whatever its handler has done. */
  readonly fault?: { readonly error: unknown };
  /** The attempt goes on later, whatever its handler has done. */
  readonly suspension?: Suspension;
}

/** The steps and sleeps of one run: made at the first call of `ctx.step` or `ctx.sleep`. */
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
  readonly #sleeps: OpenSleeps;
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
    const { timers, slotWaitMs, clock } = context;
    this.#sleeps = new OpenSleeps(abort, { timers, slotWaitMs, now: () => Date.parse(clock.now()) });
  }

  /** Returns the result of the step, after its work if that has none yet. Rejects with what the work throws, or why it was not run. */
  run(call: StepArguments): Promise<unknown> {
    return this.#awaited(this.#run(call));
  }

  /** Waits until the end of a sleep, which is that of its first call in the life of the job. */
  sleep(name: string, length: SleepLength, options?: SleepOptions): Promise<void> {
    // Made here, so that its stack shows the line that sleeps.
    const interruption = new AttemptSuspendedError(`the sleep '${name}'`);
    const sleeping = this.#sleep(() => sleepCallOf(name, length, options), interruption);
    // A handler that does not wait for it is interrupted all the same.
    sleeping.catch(() => undefined);
    return sleeping;
  }

  /** No sleep interrupts the handler before the work is done. */
  during<Result>(work: Promise<Result>): Promise<Result> {
    return this.#sleeps.during(work);
  }

  /**
   * Call it when the handler has ended. Waits until all steps have ended that run: an attempt that ended before them would have the next one
   * run them beside it.
   */
  async settled(): Promise<StepsEnd> {
    this.#sleeps.over();
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    // From here on nothing waits for a step that a branch of the handler would begin.
    this.#isOver = true;
    if (this.#fault !== undefined) return { fault: this.#fault };
    const { suspension } = this.#sleeps;
    return suspension === undefined ? {} : { suspension };
  }

  /** The attempt is over: what still runs is not recorded any more. */
  over(): void {
    this.#isOver = true;
    this.#sleeps.over();
  }

  #awaited<Result>(running: Promise<Result>): Promise<Result> {
    this.#running.add(running);
    const leave = () => void this.#running.delete(running);
    running.then(leave, leave);
    return this.#sleeps.during(running);
  }

  async #run(args: StepArguments): Promise<unknown> {
    this.#assertRuns();
    const call = stepCallOf(args);
    this.#begin(call, titleOf(call), 'step');
    const recorded = this.#doneBefore(call);
    if (recorded !== undefined) return this.#reused(recorded, call);
    if (!this.#sizes.takePlace(call.id)) throw this.#failed(noPlaceFor(titleOf(call)));
    await this.#untilUnderstood(STEPS_PROTOCOL, 'the first step');
    return this.#runAndRecord(call);
  }

  async #sleep(called: () => SleepCall, interruption: AttemptSuspendedError): Promise<void> {
    this.#assertRuns();
    const call = called();
    const step = withinStep.getStore();
    if (step !== undefined)
      throw misusedStep(`${call.title} was begun within the step '${step}', which must end first`);
    this.#begin(call, call.title, 'sleep');
    const end = await this.#awaited(this.#endOf(call));
    return this.#sleeps.wait(end, interruption);
  }

  /** Returns when the sleep is over, in milliseconds since 1970, once that is recorded. */
  async #endOf(call: SleepCall): Promise<number> {
    const recorded = this.#doneBefore(call);
    const end = recorded && recordedEnd(recorded, call.title);
    const { clock, slotWaitMs } = this.#context;
    const now = Date.parse(clock.now());
    const at = end === undefined ? call.endFrom(now) : Date.parse(end);
    if (end === undefined) await this.#recordEnd(call, timestampOf(at));
    if (at - now > slotWaitMs) await this.#untilUnderstood(WAITS_PROTOCOL, call.title);
    return at;
  }

  async #recordEnd({ id, name, key, title }: SleepCall, end: string): Promise<void> {
    if (!this.#sizes.takePlace(id)) throw this.#failed(noPlaceFor(title));
    await this.#untilUnderstood(STEPS_PROTOCOL, title);
    const outcome = { name, ...(key === undefined ? {} : { key }), result: end, durationMs: 0 };
    if (!this.#sizes.add(outcome)) throw this.#failed(noRoomFor(title));
    await this.#record(outcome);
  }

  #untilUnderstood(protocol: number, what: string): Promise<void> {
    return untilUnderstood({ protocol, what }, this.#attempt, this.#abort, this.#context);
  }

  #begin({ id, name, key }: Pick<StepCall, 'id' | 'name' | 'key'>, title: string, method: 'step' | 'sleep'): void {
    if (!this.#begun.has(id)) return void this.#begun.add(id);
    const example = method === 'step' ? `ctx.step('${name}', { key }, …)` : `ctx.sleep('${name}', …, { key })`;
    const remedy = key === undefined ? `. In a loop give each its key: ${example}` : '';
    throw misusedStep(`${title} was begun twice in this attempt${remedy}`);
  }

  /** The step as an earlier attempt has recorded it, unless that has failed. */
  #doneBefore({ id }: Pick<StepCall, 'id'>): RecordedStep | undefined {
    const recorded = this.#recorded.get(id);
    return recorded?.error === undefined ? recorded : undefined;
  }

  #reused(recorded: RecordedStep, call: StepCall): unknown {
    this.#context.observer.stepEnded(this.#attempt.chain.job.type, 'reused');
    return recordedResult(recorded, titleOf(call));
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
      value = await measured.within(() =>
        runTries(call, { attempt: this.#attempt, abort: this.#abort, context: this.#context }),
      );
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
    const { suspension } = this.#sleeps;
    if (suspension !== undefined)
      throw new AttemptSuspendedError('another branch of the handler').suspendedUntil(suspension.until);
  }
}

function elapsed(startedAt: number): number {
  return Math.round(performance.now() - startedAt);
}
