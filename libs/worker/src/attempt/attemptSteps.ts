import { setImmediate as nextTurn } from 'node:timers/promises';
import { timeLeftMs } from '@jobstream/domain';
import { AttemptSuspendedError } from '../handler/handlerErrors.ts';
import type { SleepOptions } from '../handler/sleep.ts';
import type { WaitOptions } from '../handler/waitFor.ts';
import { StepLedger } from './steps/stepLedger.ts';
import { StepRuns } from './steps/stepRuns.ts';
import type { StepArguments } from './steps/stepCall.ts';
import type { SteppedAttempt, StepsAbort, StepsContext } from './steps/stepsParts.ts';
import { AttemptWaits } from './waits/attemptWaits.ts';
import { OpenWaits, type Suspension } from './waits/openWaits.ts';
import { sleepCallOf, type SleepLength } from './waits/sleepCall.ts';
import { waitCallOf } from './waits/waitCall.ts';

/** How the handler has ended, and what its steps make of that. */
export interface StepsEnd {
  /** Why the attempt fails, whatever its handler has done. */
  readonly fault?: { readonly error: unknown };
  /** The attempt goes on later, whatever its handler has done. */
  readonly suspension?: Suspension;
}

/** The steps, sleeps and waits for signals of one run: made at the first call of one of them. */
export class AttemptSteps {
  readonly #ledger: StepLedger;
  readonly #runs: StepRuns;
  readonly #waits: AttemptWaits;
  readonly #open: OpenWaits;
  readonly #running = new Set<Promise<unknown>>();

  constructor(attempt: SteppedAttempt, abort: StepsAbort, context: StepsContext) {
    const { timers, slotWaitMs, clock } = context;
    this.#ledger = new StepLedger(attempt, abort, context);
    this.#runs = new StepRuns(this.#ledger, attempt, abort, context);
    const now = () => Date.parse(clock.now());
    const { job } = attempt.chain;
    const end = Date.parse(job.startedAt ?? job.updatedAt) + timeLeftMs(job);
    this.#open = new OpenWaits(abort, { timers, slotWaitMs, now, timeLeftMs: () => end - now() });
    this.#waits = new AttemptWaits(attempt, context, {
      ledger: this.#ledger,
      open: this.#open,
      awaited: (work) => this.#awaited(work),
    });
  }

  /** Returns the result of the step, after its work if that has none yet. Rejects with what the work throws, or why it was not run. */
  run(call: StepArguments): Promise<unknown> {
    return this.#awaited(this.#whileItRuns(() => this.#runs.run(call)));
  }

  /** Waits until the end of a sleep, which is that of its first call in the life of the job. */
  sleep(name: string, length: SleepLength, options?: SleepOptions): Promise<void> {
    // Made here, so that its stack shows the line that sleeps.
    const interruption = new AttemptSuspendedError(`the sleep '${name}'`);
    return detached(this.#whileItRuns(() => this.#waits.sleep(() => sleepCallOf(name, length, options), interruption)));
  }

  /** Returns the payload of the oldest signal of this name that no step has read; undefined once the time limit of the wait is over. */
  waitFor(name: string, signal: string, options?: WaitOptions): Promise<unknown> {
    const interruption = new AttemptSuspendedError(`the wait '${name}' for the signal '${signal}'`);
    return detached(
      this.#whileItRuns(() => this.#waits.waitFor(() => waitCallOf(name, signal, options), interruption)),
    );
  }

  /** No wait interrupts the handler before the work is done. */
  during<Result>(work: Promise<Result>): Promise<Result> {
    return this.#open.during(work);
  }

  /**
   * Call it when the handler has ended. Waits until all steps have ended that run: an attempt that ended before them would have the next one
   * run them beside it.
   */
  async settled(): Promise<StepsEnd> {
    this.#open.over();
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    // From here on nothing waits for a step that a branch of the handler would begin.
    this.#ledger.over();
    const { fault } = this.#ledger;
    if (fault !== undefined) return { fault };
    const { suspension } = this.#open;
    return suspension === undefined ? {} : { suspension };
  }

  /** The attempt is over: what still runs is not recorded any more. */
  over(): void {
    this.#ledger.over();
    this.#open.over();
  }

  #awaited<Result>(running: Promise<Result>): Promise<Result> {
    this.#running.add(running);
    const leave = () => void this.#running.delete(running);
    running.then(leave, leave);
    return this.#open.during(running);
  }

  /** Rejects in a turn of its own: a handler that catches it in a loop would stop the event loop, and with that its time-out. */
  async #whileItRuns<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      this.#assertRuns();
      return await call();
    } catch (error) {
      await nextTurn();
      throw error;
    }
  }

  #assertRuns(): void {
    this.#ledger.assertRuns();
    const { suspension } = this.#open;
    if (suspension !== undefined) throw new AttemptSuspendedError('another branch of the handler').goesOn(suspension);
  }
}

/** A handler that does not wait for it is interrupted all the same. */
function detached<Result>(waiting: Promise<Result>): Promise<Result> {
  waiting.catch(() => undefined);
  return waiting;
}
