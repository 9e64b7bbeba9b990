import { BackgroundLoop, type NextTurn } from '@jobstream/runtime';
import type { OutboxRelayOptions, Shared } from './relayContext.ts';

const ROTATE_MS = 500;
/** Beyond it another table takes new jobs. Small, since all claims pass by the dead rows of a table. */
const MOST_TABLE_BYTES = 1_048_576;
const COUNT_EVERY_MS = 5_000;
/** To count takes at most this share of the time. */
const COUNT_SHARE = 1 / 20;

/** Rotates the tables, and counts what is in them for the metrics. */
export class Rotation extends BackgroundLoop {
  readonly name = 'outbox rotation';
  readonly #options: OutboxRelayOptions;
  readonly #shared: Shared;
  #countAt = Number.NEGATIVE_INFINITY;

  constructor(options: OutboxRelayOptions, shared: Shared) {
    super();
    this.#options = options;
    this.#shared = shared;
  }

  protected async turn(): Promise<NextTurn> {
    const { outbox } = this.#options;
    this.#shared.cursors.update(await outbox.rotate(MOST_TABLE_BYTES));
    if (!outbox.isCurrent) this.#warn('outbox is of an earlier release: run the command outbox install');
    if (performance.now() >= this.#countAt) await this.#count();
    return ROTATE_MS;
  }

  /** While another relay counts, the last numbers stay, and the next turn tries again. */
  async #count(): Promise<void> {
    const { outbox, metrics } = this.#options;
    const began = performance.now();
    try {
      const counts = await outbox.count();
      if (counts === undefined) return;
      metrics.counted(outbox.name, counts);
      this.#shared.hasDeferred = counts.deferred > 0;
    } catch (error) {
      this.#warn('outbox cannot be counted', error); // its last numbers stay
      this.#shared.hasDeferred = true; // or not, but none must wait for a count
    }
    const now = performance.now();
    this.#countAt = now + Math.max(COUNT_EVERY_MS, (now - began) / COUNT_SHARE);
  }

  protected onError(error: unknown): NextTurn {
    const { outbox, metrics } = this.#options;
    metrics.counted(outbox.name, undefined);
    this.#countAt = Number.NEGATIVE_INFINITY;
    this.#warn('outbox unavailable', error);
    return ROTATE_MS;
  }

  #warn(message: string, error?: unknown): void {
    const details = { outbox: this.#options.outbox.name, ...(error !== undefined && { err: error }) };
    this.#shared.causes.log({ level: 'warn', message, cause: String(error), details });
  }
}
