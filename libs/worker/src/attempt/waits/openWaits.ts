import { MAX_AHEAD_MS, timestampOf } from '@jobstream/domain';
import type { Timer, Timers } from '@jobstream/eventlog';
import type { AttemptSuspendedError } from '../../handler/handlerErrors.ts';
import { pauseInSlot, type StepsAbort } from '../steps/stepsParts.ts';

/** A timer cannot be set further ahead. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** By what a wait is ended. */
interface Awaited {
  /** In milliseconds since 1970; undefined where only a signal ends it. */
  readonly end: number | undefined;
  /** The name of the signal that ends it as well. */
  readonly signal?: string;
}

interface OpenWait extends Awaited {
  /** Returns what the wait was ended by. */
  readonly interrupt: (by: Awakening) => AttemptSuspendedError;
  /** Stops its timer: it never settles. */
  readonly leave: () => void;
}

/** What an attempt goes on by. */
export interface Awakening {
  readonly until: string;
  /** The names of signals by which it goes on earlier. */
  readonly signals?: readonly string[];
}

/** By what an attempt goes on whose run the waits have ended, and the error of the first of them. */
export interface Suspension extends Awakening {
  readonly error: AttemptSuspendedError | undefined;
}

interface WaitsContext {
  readonly timers: Timers;
  readonly slotWaitMs: number;
  readonly now: () => number;
  /** Returns how many milliseconds the attempt may still run. */
  readonly timeLeftMs: () => number;
}

/**
 * The sleeps and the waits for signals of a run. A sleep that is short keeps its slot. Any other wait ends the run, once nothing else of it is
 * being done: all that wait are interrupted, and the attempt goes on in another run.
 */
export class OpenWaits {
  readonly #abort: StepsAbort;
  readonly #context: WaitsContext;
  readonly #open = new Set<OpenWait>();
  /** How much is being done that a run waits for. */
  #busy = 0;
  #idle: NodeJS.Immediate | undefined;
  #isOver = false;
  #suspension: Suspension | undefined;

  constructor(abort: StepsAbort, context: WaitsContext) {
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

  /** Whether a sleep that ends then, in milliseconds since 1970, is short enough; it counts for the time-out of the attempt, so it leaves half of that. */
  keepsSlot(end: number): boolean {
    const { now, slotWaitMs, timeLeftMs } = this.#context;
    return end - now() <= Math.min(slotWaitMs, timeLeftMs() / 2);
  }

  /** Waits for the end of a sleep, in milliseconds since 1970. Rejects when the attempt is aborted, or with the error by which it is interrupted. */
  sleep(end: number, interruption: AttemptSuspendedError): Promise<void> {
    const leftMs = end - this.#context.now();
    if (leftMs <= 0) return Promise.resolve();
    if (this.keepsSlot(end)) return this.during(pauseInSlot(leftMs, this.#abort, this.#context.timers));
    return this.#wait({ end }, interruption);
  }

  /**
   * Waits for the time limit of a wait for a signal. The signal itself ends the run: the next one reads it. Rejects as `sleep`.
   *
   * @param end in milliseconds since 1970; undefined for none.
   */
  signal(name: string, end: number | undefined, interruption: AttemptSuspendedError): Promise<void> {
    return this.#wait({ end, signal: name }, interruption);
  }

  /** The handler has ended: what still waits does not matter any more. */
  over(): void {
    this.#isOver = true;
    clearImmediate(this.#idle);
    for (const { leave } of this.#open) leave();
  }

  #wait(awaited: Awaited, interruption: AttemptSuspendedError): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal } = this.#abort;
      const { end } = awaited;
      let timer: Timer | undefined;
      const leave = () => {
        this.#context.timers.clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#open.delete(wait);
      };
      const onAbort = () => {
        leave();
        reject(this.#abort.error ?? interruption);
      };
      const onTime = () => {
        if (end !== undefined && end > this.#context.now()) return setTimer();
        leave();
        resolve();
      };
      const setTimer = () => {
        if (end === undefined) return;
        const leftMs = Math.min(end - this.#context.now(), LONGEST_TIMER_MS);
        timer = this.#context.timers.setTimeout(onTime, leftMs);
      };
      const interrupt = (by: Awakening) => {
        leave();
        reject(interruption.goesOn(by));
        return interruption;
      };
      const wait = { ...awaited, interrupt, leave };
      this.#open.add(wait);
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
    const latest = this.#context.now() + MAX_AHEAD_MS;
    const until = timestampOf(Math.min(...open.map(({ end = latest }) => end)));
    const signals = [...new Set(open.flatMap(({ signal }) => signal ?? []))];
    const by = { until, ...(signals.length === 0 ? {} : { signals }) };
    const [error] = open.map(({ interrupt }) => interrupt(by));
    this.#suspension = { ...by, error };
  }
}
