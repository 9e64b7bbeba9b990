import type { StepArguments } from '../attempt/steps/stepCall.ts';
import type { StepContext, StepOptions } from '../handler/step.ts';
import { describeThrown, restoreThrown } from './threadErrors.ts';
import type { FromThread, ThreadOutcome, ToThread } from './threadMessages.ts';

interface Step extends PromiseWithResolvers<unknown> {
  readonly work: (step: StepContext) => unknown;
}

/** The steps of a handler, in its thread: their work is done here, and the main thread knows their results. */
export class StepsInThread {
  readonly #send: (message: FromThread) => void;
  readonly #signal: AbortSignal;
  readonly #steps = new Map<number, Step>();
  #begun = 0;

  constructor(send: (message: FromThread) => void, signal: AbortSignal) {
    this.#send = send;
    this.#signal = signal;
  }

  /** The main thread checks the arguments. */
  async run([name, first, second]: StepArguments): Promise<unknown> {
    const [options, work] = typeof first === 'function' ? [{}, first] : [(first ?? {}) as StepOptions, second];
    const id = ++this.#begun;
    const step = { ...Promise.withResolvers<unknown>(), work: work as Step['work'] };
    this.#steps.set(id, step);
    this.#send({ kind: 'step', id, name, options });
    return step.promise;
  }

  receive(message: Exclude<ToThread, { kind: 'abort' }>): void {
    const step = this.#steps.get(message.id);
    if (step === undefined) return;
    if (message.kind === 'run-step') return void this.#work(step, message);
    this.#steps.delete(message.id);
    if (message.outcome.kind === 'returned') step.resolve(message.outcome.value);
    else step.reject(restoreThrown(message.outcome.error));
  }

  /** Waits until no step runs. */
  async settled(): Promise<void> {
    while (this.#steps.size > 0) await Promise.allSettled([...this.#steps.values()].map(({ promise }) => promise));
  }

  async #work({ work }: Step, { id, step }: Extract<ToThread, { kind: 'run-step' }>): Promise<void> {
    const outcome = await outcomeOf(() => work({ ...step, signal: this.#signal }));
    try {
      this.#send({ kind: 'step-ran', id, outcome });
    } catch (error) {
      // The result cannot be passed between threads, e.g. a function.
      this.#send({ kind: 'step-ran', id, outcome: { kind: 'threw', error: describeThrown(error) } });
    }
  }
}

async function outcomeOf(work: () => unknown): Promise<ThreadOutcome> {
  try {
    return { kind: 'returned', value: await work() };
  } catch (error) {
    return { kind: 'threw', error: describeThrown(error) };
  }
}
