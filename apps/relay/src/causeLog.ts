import type { Logger } from '@jobstream/runtime';

/** Something that is logged again and again for the same cause. */
export interface Occurrence {
  readonly level: 'warn' | 'error';
  readonly message: string;
  /** Tells causes apart; those of different messages differ anyway. */
  readonly cause: string;
  readonly details: Readonly<Record<string, unknown>>;
}

interface Cause {
  readonly loggedAt: number;
  /** Occurrences since that have not been logged. */
  readonly unlogged: number;
}

const AGAIN_MS = 60_000;
/** A cause may contain what differs in every row; the oldest are forgotten. */
const MOST_CAUSES = 100;

/**
 * Logs a cause when it occurs first, and then at most once a minute with how often it has occurred since: what fails in a relay
 * is tried again several times a second, by each lane. The metrics count every occurrence.
 */
export class CauseLog {
  readonly #logger: Pick<Logger, 'warn' | 'error'>;
  readonly #now: () => number;
  readonly #causes = new Map<string, Cause>();

  /** @param now is a clock in milliseconds. */
  constructor(logger: Pick<Logger, 'warn' | 'error'>, now: () => number = () => performance.now()) {
    this.#logger = logger;
    this.#now = now;
  }

  log({ level, message, cause, details }: Occurrence): void {
    const key = `${message}\n${cause}`;
    const known = this.#causes.get(key);
    if (known !== undefined && this.#now() - known.loggedAt < AGAIN_MS) {
      this.#causes.set(key, { ...known, unlogged: known.unlogged + 1 });
      return;
    }
    this.#logger[level]({ ...details, ...(known && { occurrences: known.unlogged + 1 }) }, message);
    this.#remember(key);
  }

  #remember(key: string): void {
    this.#causes.delete(key); // to be the newest
    this.#causes.set(key, { loggedAt: this.#now(), unlogged: 0 });
    const [oldest] = this.#causes.keys();
    if (this.#causes.size > MOST_CAUSES && oldest !== undefined) this.#causes.delete(oldest);
  }
}
