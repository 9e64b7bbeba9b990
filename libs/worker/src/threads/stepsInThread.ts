import type { SleepLength } from '../attempt/waits/sleepCall.ts';
import type { StepArguments } from '../attempt/steps/stepCall.ts';
import { misusedStep } from '../attempt/steps/stepErrors.ts';
import { withinStep } from '../attempt/steps/withinStep.ts';
import type { SleepOptions } from '../handler/sleep.ts';
import type { StepContext, StepOptions } from '../handler/step.ts';
import type { WaitOptions } from '../handler/waitFor.ts';
import { jsonResult } from '../handler/jsonResult.ts';
import { describeThrown, restoreThrown } from './threadErrors.ts';
import type { FromThread, ThreadOutcome, ToThread } from './threadMessages.ts';

interface Step extends PromiseWithResolvers<unknown> {
  /** Undefined for a sleep, or a wait. */
  readonly work?: (step: StepContext) => unknown;
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
  run(args: StepArguments): Promise<unknown> {
    const running = this.#run(args);
    // One that the handler does not wait for does not end the thread with its error.
    running.catch(() => undefined);
    return running;
  }

  async #run([name, first, second]: StepArguments): Promise<unknown> {
    const [options, work] = typeof first === 'function' ? [{}, first] : [(first ?? {}) as StepOptions, second];
    if (typeof work !== 'function') throw misusedStep(`the step '${name}' was given no function to run`);
    const id = ++this.#begun;
    const step = { ...Promise.withResolvers<unknown>(), work: work as NonNullable<Step['work']> };
    this.#send({ kind: 'step', id, name, options });
    this.#steps.set(id, step);
    return step.promise;
  }

  /** The main thread knows when it is over. Within a step that cannot be told there. */
  sleep(name: string, length: SleepLength, options?: SleepOptions): Promise<void> {
    return this.#wait(`the sleep '${name}'`, (id) => ({ kind: 'sleep', id, name, length, options })) as Promise<void>;
  }

  /** As `sleep`: the main thread knows the signals. */
  waitFor(name: string, signal: string, options?: WaitOptions): Promise<unknown> {
    return this.#wait(`the wait '${name}'`, (id) => ({ kind: 'wait', id, name, signal, options }));
  }

  #wait(title: string, message: (id: number) => FromThread): Promise<unknown> {
    const waiting = this.#begin(title, message);
    // A handler that does not wait for it is interrupted all the same.
    waiting.catch(() => undefined);
    return waiting;
  }

  async #begin(title: string, message: (id: number) => FromThread): Promise<unknown> {
    const step = withinStep.getStore();
    if (step !== undefined) throw misusedStep(`${title} was begun within the step '${step}', which must end first`);
    const id = ++this.#begun;
    const wait = Promise.withResolvers<unknown>();
    this.#steps.set(id, wait);
    this.#send(message(id));
    return wait.promise;
  }

  receive(message: Exclude<ToThread, { kind: 'abort' }>): void {
    const step = this.#steps.get(message.id);
    if (step === undefined) return;
    if (message.kind === 'run-step') return void this.#work(step, message);
    this.#steps.delete(message.id);
    if (message.outcome.kind === 'returned') step.resolve(message.outcome.value);
    else step.reject(restoreThrown(message.outcome.error));
    setImmediate(() => this.#send({ kind: 'went-on', id: message.id }));
  }

  /** Waits until no step runs. */
  async settled(): Promise<void> {
    for (let running = this.#running(); running.length > 0; running = this.#running())
      await Promise.allSettled(running);
  }

  /** The handler has ended: nobody waits for its sleeps and waits. */
  #running(): readonly Promise<unknown>[] {
    return [...this.#steps.values()].flatMap(({ work, promise }) => (work === undefined ? [] : [promise]));
  }

  async #work({ work }: Step, { id, step }: Extract<ToThread, { kind: 'run-step' }>): Promise<void> {
    const what = `the result of the step '${step.name}'`;
    // As JSON, which can be passed between threads, and is what the main thread would make of it.
    const outcome = await outcomeOf(async () =>
      jsonResult(await withinStep.run(step.name, () => work?.({ ...step, signal: this.#signal })), {
        what,
        tooLarge: 'STEP_RESULTS_TOO_LARGE',
      }),
    );
    this.#send({ kind: 'step-ran', id, outcome });
  }
}

async function outcomeOf(work: () => unknown): Promise<ThreadOutcome> {
  try {
    return { kind: 'returned', value: await work() };
  } catch (error) {
    return { kind: 'threw', error: describeThrown(error) };
  }
}
