import { STEPS_PROTOCOL, type RecordedStep, type StepOutcome } from '@jobstream/domain';
import { jobErrorOf } from '../../handler/jobErrorOf.ts';
import { jsonResult } from '../../handler/jsonResult.ts';
import { recordedResult } from './recordedResult.ts';
import { runTries } from './runTries.ts';
import { stepCallOf, titleOf, type StepArguments, type StepCall } from './stepCall.ts';
import { misusedStep } from './stepErrors.ts';
import type { StepLedger } from './stepLedger.ts';
import type { SteppedAttempt, StepsAbort, StepsContext } from './stepsParts.ts';
import { beginStep, type MeasuredStep, type StepEnd } from './stepTelemetry.ts';

/** A step that runs, and what becomes of it. */
interface RunningStep {
  readonly call: StepCall;
  readonly measured: MeasuredStep;
  end: StepEnd;
}

/** Runs the steps of one run whose results are not recorded. */
export class StepRuns {
  readonly #ledger: StepLedger;
  readonly #attempt: SteppedAttempt;
  readonly #abort: StepsAbort;
  readonly #context: StepsContext;

  constructor(ledger: StepLedger, attempt: SteppedAttempt, abort: StepsAbort, context: StepsContext) {
    this.#ledger = ledger;
    this.#attempt = attempt;
    this.#abort = abort;
    this.#context = context;
  }

  /** Returns the result of the step, after its work if that has none yet. Rejects with what the work throws, or why it was not run. */
  async run(args: StepArguments): Promise<unknown> {
    const call = stepCallOf(args);
    this.#ledger.begin(call, titleOf(call), `ctx.step('${call.name}', { key }, …)`);
    const recorded = this.#ledger.doneBefore(call);
    if (recorded !== undefined) return this.#reused(recorded, call);
    this.#ledger.takePlace(call, titleOf(call));
    await this.#ledger.untilUnderstood(STEPS_PROTOCOL, 'the first step');
    return this.#runAndRecord(call);
  }

  #reused(recorded: RecordedStep, call: StepCall): unknown {
    if (recorded.waitsUntil !== undefined || recorded.signal !== undefined)
      throw misusedStep(`${titleOf(call)} has the name of a wait of the job`);
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
    await this.#ledger.record(result === undefined ? ended() : { ...ended(), result }, titleOf(call));
    step.end = 'completed';
    return result;
  }

  #resultOf(value: unknown, call: StepCall): unknown {
    try {
      return jsonResult(value, { what: `the result of ${titleOf(call)}`, tooLarge: 'STEP_RESULTS_TOO_LARGE' });
    } catch (error) {
      throw this.#ledger.fail(error);
    }
  }

  /** For whoever looks at the job; that of an attempt that was aborted says nothing. Never rejects because there is no room. */
  async #recordError(thrown: unknown, ended: Omit<StepOutcome, 'error' | 'result'>): Promise<void> {
    if (this.#abort.error !== undefined) return;
    await this.#ledger.recordIfRoom({ ...ended, error: jobErrorOf(thrown, { stacks: this.#context.errorStacks }) });
  }
}

function elapsed(startedAt: number): number {
  return Math.round(performance.now() - startedAt);
}
