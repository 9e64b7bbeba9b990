import { timestampOf } from '@jobstream/domain';
import type { Timer, Timers } from '@jobstream/eventlog';
import type { AttemptSuspendedError } from '../../handler/handlerErrors.ts';
import { pauseInSlot, type StepsAbort } from './stepsParts.ts';

/** A timer cannot be set further ahead. */
const LONGEST_TIMER_MS = 2_147_483_647;

interface OpenSleep {
  readonly end: number;
  /** Returns what the sleep was ended by. */
  readonly interrupt: (until: string) => AttemptSuspendedError;
  /** Stops its timer: it never settles. */
  readonly leave: () => void;
}

/** When an attempt goes on whose run the sleeps have ended, and the error of the first of them. */
export interface Suspension {
  readonly until: string;
  readonly error: AttemptSuspendedError | undefined;
}

interface SleepsContext {
  readonly timers: Timers;
  readonly slotWaitMs: number;
  readonly now: () => number;
}

/**
 * The sleeps of a run. One that is short keeps its slot. A longer one ends the run, once nothing else of it is being done: all that sleep
 * are interrupted, and the attempt goes on in another run.
 */
export class OpenSleeps {
  readonly #abort: StepsAbort;
  readonly #context: SleepsContext;
  readonly #open = new Set<OpenSleep>();
  /** How much is being done that a run waits for. */
  #busy = 0;
  #idle: NodeJS.Immediate | undefined;
  #isOver = false;
  #suspension: Suspension | undefined;

  constructor(abort: StepsAbort, context: SleepsContext) {
    this.#abort = abort;
    this.#context = context;
  }

  /** Undefined unless the run was interrupted. */
  get suspension(): Suspension | undefined {
    return this.#suspension;
  }

  /** Nothing is interrupted while the work goes on. */
  during<Result>(work: Promise<Result>): Promise<Result> {
    this.#busy++;
    clearImmediate(this.#idle);
    const leave = () => {
      this.#busy--;
      this.#look();
    };
    work.then(leave, leave);
    return work;
  }

  /** Waits for the end of a sleep, in milliseconds since 1970. Rejects when the attempt is aborted, or with the error by which it is interrupted. */
  wait(end: number, interruption: AttemptSuspendedError): Promise<void> {
    const leftMs = end - this.#context.now();
    if (leftMs <= 0) return Promise.resolve();
    if (leftMs <= this.#context.slotWaitMs) return this.during(pauseInSlot(leftMs, this.#abort, this.#context.timers));
    return this.#waitLong(end, interruption);
  }

  /** The handler has ended: what still sleeps does not matter any more. */
  over(): void {
    this.#isOver = true;
    clearImmediate(this.#idle);
    for (const { leave } of this.#open) leave();
  }

  #waitLong(end: number, interruption: AttemptSuspendedError): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal } = this.#abort;
      let timer: Timer | undefined;
      const leave = () => {
        this.#context.timers.clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#open.delete(sleep);
      };
      const onAbort = () => {
        leave();
        reject(this.#abort.error ?? interruption);
      };
      const onTime = () => {
        if (end > this.#context.now()) return setTimer();
        leave();
        resolve();
      };
      const setTimer = () => {
        const leftMs = Math.min(end - this.#context.now(), LONGEST_TIMER_MS);
        timer = this.#context.timers.setTimeout(onTime, leftMs);
      };
      const interrupt = (until: string) => {
        leave();
        reject(interruption.suspendedUntil(until));
        return interruption;
      };
      const sleep = { end, interrupt, leave };
      this.#open.add(sleep);
      setTimer();
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
      this.#look();
    });
  }

  /** What follows on a step that has ended begins within a turn of the event loop. */
  #look(): void {
    if (this.#busy > 0 || this.#open.size === 0 || this.#isOver) return;
    clearImmediate(this.#idle);
    this.#idle = setImmediate(() => {
      this.#idle = setImmediate(() => this.#interrupt());
    });
  }

  #interrupt(): void {
    if (this.#busy > 0 || this.#open.size === 0 || this.#isOver || this.#abort.error !== undefined) return;
    const open = [...this.#open];
    const until = timestampOf(Math.min(...open.map(({ end }) => end)));
    const [error] = open.map(({ interrupt }) => interrupt(until));
    this.#suspension = { until, error };
  }
}
