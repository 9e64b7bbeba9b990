import type { JobContext } from '../handler/jobHandler.ts';
import type { StepContext } from '../handler/step.ts';
import { describeThrown, restoreThrown } from './threadErrors.ts';
import type { FromThread, ThreadOutcome, ToThread } from './threadMessages.ts';

type Begun = Extract<FromThread, { kind: 'step' }>;
type Ran = Extract<FromThread, { kind: 'step-ran' }>;

/** The steps of a handler in a thread, as the main thread runs them: it knows their results, and their work is done there. */
export class StepsOfThread {
  readonly #ctx: Pick<JobContext, 'step'>;
  readonly #send: (message: ToThread) => void;
  readonly #running = new Map<number, PromiseWithResolvers<unknown>>();
  #hasEnded = false;

  constructor(ctx: Pick<JobContext, 'step'>, send: (message: ToThread) => void) {
    this.#ctx = ctx;
    this.#send = send;
  }

  /** Runs a step that the thread has begun, and tells it the outcome. */
  begin({ id, name, options }: Begun): void {
    const over = (outcome: ThreadOutcome) => {
      if (!this.#hasEnded) this.#send({ kind: 'step-over', id, outcome });
    };
    this.#ctx
      .step(name, options, (step) => this.#runInThread(id, step))
      .then(
        (value) => over({ kind: 'returned', value }),
        (error: unknown) => over({ kind: 'threw', error: describeThrown(error) }),
      );
  }

  /** The work of a step has ended in the thread. */
  ran({ id, outcome }: Ran): void {
    const running = this.#running.get(id);
    this.#running.delete(id);
    if (outcome.kind === 'returned') running?.resolve(outcome.value);
    else running?.reject(restoreThrown(outcome.error));
  }

  /** The thread is gone: what it has not told by then has failed. */
  end(): void {
    this.#hasEnded = true;
    for (const { reject } of this.#running.values()) reject(new Error('the thread of the handler has ended'));
    this.#running.clear();
  }

  #runInThread(id: number, { signal: _signal, ...step }: StepContext): Promise<unknown> {
    if (this.#hasEnded) throw new Error('the thread of the handler has ended');
    const running = Promise.withResolvers<unknown>();
    this.#running.set(id, running);
    this.#send({ kind: 'run-step', id, step });
    return running.promise;
  }
}
