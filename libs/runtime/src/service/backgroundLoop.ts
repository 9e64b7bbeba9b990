import { setTimeout as timer } from 'node:timers/promises';
import type { Service } from './service.ts';

/** Milliseconds until the next turn begins, 0 for at once; or `end`, after which there is none. */
export type NextTurn = number | 'end';

/** Waits `ms` milliseconds, but at least for the next turn of the event loop; resolves early once `stop` is aborted. */
export type Pause = (ms: number, stop: AbortSignal) => Promise<void>;

/**
 * A service that works in turns in the background, with pauses in between: the base class of services that poll, sweep
 * or follow.
 *
 * At most one turn runs at a time. `start` returns at once, and does nothing when called again or after `stop`. `stop`
 * may be called at any time and repeatedly; every call resolves after the current turn has ended, and no turn begins
 * afterwards. A turn must not await the `stop` of its own loop.
 */
export abstract class BackgroundLoop implements Service {
  abstract readonly name: string;
  readonly #stop = new AbortController();
  readonly #pause: Pause;
  #running: Promise<void> | undefined;

  /** @param pause waits between two turns; for tests. */
  constructor(pause: Pause = pauseUnlessStopped) {
    this.#pause = pause;
  }

  start(): Promise<void> {
    if (!this.#stop.signal.aborted) this.#running ??= Promise.resolve().then(() => this.#run());
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    await this.#running;
  }

  /** Does the next piece of work, and ends it soon after `stop` is aborted. */
  protected abstract turn(stop: AbortSignal): Promise<NextTurn>;

  /** Decides what follows a turn that rejected, with `stop` aborted if the loop was being stopped. Must not throw. */
  protected abstract onError(error: unknown, stop: AbortSignal): NextTurn;

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const next = await this.turn(signal).catch((error: unknown) => this.onError(error, signal));
      if (next === 'end') return;
      await this.#pause(next, signal); // also for 0 ms: a turn that awaits no I/O must not starve the event loop
    }
  }
}

/** The pause of services that work in the background. */
export async function pauseUnlessStopped(ms: number, stop: AbortSignal): Promise<void> {
  await timer(ms, undefined, { signal: stop }).catch(() => {}); // rejects only when stopped
}
