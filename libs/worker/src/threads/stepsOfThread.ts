import { HOLD, isHoldable } from '../handler/hold.ts';
import type { JobContext } from '../handler/jobHandler.ts';
import type { StepContext } from '../handler/step.ts';
import type { WaitOptions } from '../handler/waitFor.ts';
import { describeThrown, restoreThrown } from './threadErrors.ts';
import type { FromThread, ThreadOutcome, ToThread } from './threadMessages.ts';

type Begun = Extract<FromThread, { kind: 'step' }>;
type Slept = Extract<FromThread, { kind: 'sleep' }>;
type Waited = Extract<FromThread, { kind: 'wait' }>;
type Ran = Extract<FromThread, { kind: 'step-ran' }>;

/** The steps of a handler in a thread, as the main thread runs them: it knows their results, and their work is done there. */
export class StepsOfThread {
  readonly #ctx: JobContext;
  readonly #send: (message: ToThread) => void;
  readonly #running = new Map<number, PromiseWithResolvers<unknown>>();
  /** Steps that are over, what follows on which has not begun yet. */
  readonly #over = new Map<number, () => void>();
  #hasEnded = false;

  constructor(ctx: JobContext, send: (message: ToThread) => void) {
    this.#ctx = ctx;
    this.#send = send;
  }

  /** Runs a step that the thread has begun, and tells it the outcome. */
  begin({ id, name, options }: Begun): void {
    this.#tellEnd(
      id,
      this.#ctx.step(name, options, (step) => this.#runInThread(id, step)),
    );
  }

  /** Begins a sleep of the handler, and tells the thread when it is over. */
  sleep({ id, name, length, options }: Slept): void {
    const { sleep, sleepUntil } = this.#ctx;
    this.#tellEnd(id, 'ms' in length ? sleep(name, length.ms, options) : sleepUntil(name, length.until, options));
  }

  /** Begins a wait of the handler for a signal, and tells the thread what it has come to. */
  waitFor({ id, name, signal, options }: Waited): void {
    const waitFor = this.#ctx.waitFor as (name: string, signal: string, options?: WaitOptions) => Promise<unknown>;
    this.#tellEnd(id, waitFor(name, signal, options));
  }

  /** What follows on a step has begun. */
  wentOn(id: number): void {
    this.#over.get(id)?.();
    this.#over.delete(id);
  }

  #tellEnd(id: number, work: Promise<unknown>): void {
    const over = (outcome: ThreadOutcome) => {
      if (this.#hasEnded) return;
      const followed = Promise.withResolvers<void>();
      this.#over.set(id, followed.resolve);
      if (isHoldable(this.#ctx)) void this.#ctx[HOLD](followed.promise);
      try {
        this.#send({ kind: 'step-over', id, outcome });
      } catch (error) {
        // What the schema of a signal has made of its payload cannot be passed between threads, e.g. a function.
        this.#send({ kind: 'step-over', id, outcome: { kind: 'threw', error: describeThrown(error) } });
      }
    };
    work.then(
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
    for (const follow of this.#over.values()) follow();
  }

  #runInThread(id: number, { signal: _signal, ...step }: StepContext): Promise<unknown> {
    if (this.#hasEnded) throw new Error('the thread of the handler has ended');
    const running = Promise.withResolvers<unknown>();
    this.#running.set(id, running);
    this.#send({ kind: 'run-step', id, step });
    return running.promise;
  }
}
