import { isRejection, type StepOutcome } from '@jobstream/domain';
import { ConcurrentAppendError, EventTooLargeError } from '@jobstream/eventlog';
import { stepsTooLarge } from './stepErrors.ts';
import type { JobChain } from '../chain/jobChain.ts';

/** Steps that share an event. */
interface Batch {
  readonly steps: StepOutcome[];
  readonly appended: Promise<void>;
}

/** Appends the steps of one attempt that have ended, one event after the other; what ends meanwhile shares the next. */
export class StepRecorder {
  readonly #chain: Pick<JobChain, 'record'>;
  readonly #attempt: number;
  readonly #onOvertaken: () => void;
  #batch: Batch | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(chain: Pick<JobChain, 'record'>, attempt: number, onOvertaken: () => void) {
    this.#chain = chain;
    this.#attempt = attempt;
    this.#onOvertaken = onOvertaken;
  }

  /**
   * Resolves once the step is in the log.
   *
   * @throws ConcurrentAppendError when the job has moved on; UnrecoverableError when the event is too large for the log.
   */
  record(step: StepOutcome): Promise<void> {
    const batch = (this.#batch ??= this.#open());
    batch.steps.push(step);
    return batch.appended;
  }

  #open(): Batch {
    const steps: StepOutcome[] = [];
    const appended = this.#last.then(() => {
      this.#batch = undefined;
      return this.#append(steps);
    });
    this.#last = appended.catch(() => undefined);
    return { steps, appended };
  }

  async #append(steps: readonly StepOutcome[]): Promise<void> {
    try {
      const decision = await this.#chain.record({ kind: 'RecordSteps', attempt: this.#attempt, steps });
      if (isRejection(decision)) throw new Error(`the steps were not recorded: ${decision.detail}`);
    } catch (error) {
      if (error instanceof ConcurrentAppendError) this.#onOvertaken();
      throw error instanceof EventTooLargeError ? stepsTooLarge(error.message, error) : error;
    }
  }
}
