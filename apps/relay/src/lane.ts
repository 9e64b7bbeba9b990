import { setTimeout as timer } from 'node:timers/promises';
import { LogUnavailableError } from '@jobstream/eventlog';
import { type Claimed, DEFERRED, FIRST_PLACE, type OutboxRow, type SettledRows } from '@jobstream/outbox';
import { BackgroundLoop, type NextTurn } from '@jobstream/runtime';
import { LANES } from './claimRoom.ts';
import type { OutboxRelayOptions, Shared } from './relayContext.ts';
import { type Outcome, relayRow } from './relayRow.ts';
import { isTemporary, settleClaim, type SettledClaim } from './settleClaim.ts';

const SHORTEST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 1_000;
const UNAVAILABLE_PAUSE_MS = 500;
const DEFERRED_EVERY_MS = 1_000;

/** What the claims of a turn have found. */
interface Found {
  rows: number;
  /** A table was not claimed to its end. */
  isMore: boolean;
  hasFailed: boolean;
}

/**
 * Claims and relays, one claim after the other. All lanes but the first rest while no rows come, and the last one tries deferred
 * rows, which may take long to fail.
 */
export class Lane extends BackgroundLoop {
  readonly name = 'relay lane';
  readonly #options: OutboxRelayOptions;
  readonly #shared: Shared;
  readonly #isFirst: boolean;
  readonly #isLast: boolean;
  #pauseMs = SHORTEST_PAUSE_MS;
  #deferredAt = Number.NEGATIVE_INFINITY;

  constructor(options: OutboxRelayOptions, shared: Shared, number: number) {
    super();
    this.#options = options;
    this.#shared = shared;
    this.#isFirst = number === 0;
    this.#isLast = number === LANES - 1;
  }

  protected async turn(stop: AbortSignal): Promise<NextTurn> {
    if (!this.#options.isWritable()) return UNAVAILABLE_PAUSE_MS;
    const found: Found = { rows: 0, isMore: false, hasFailed: false };
    await this.#claimDeferred(found);
    if (!this.#isFirst && !this.#shared.isBusy) return SHORTEST_PAUSE_MS * 10;
    await this.#claimFromAll(found, stop);
    if (this.#isFirst || found.rows > 0) this.#shared.isBusy = found.rows > 0;
    return this.#pauseAfter(found);
  }

  #pauseAfter({ rows, isMore, hasFailed }: Found): number {
    if (hasFailed) return UNAVAILABLE_PAUSE_MS;
    if (isMore) return 0;
    this.#pauseMs = rows > 0 ? SHORTEST_PAUSE_MS : Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    return this.#pauseMs;
  }

  /** Each table for itself: one that cannot be claimed from keeps no other from being drained. */
  async #claimFromAll(found: Found, stop: AbortSignal): Promise<void> {
    const { cursors } = this.#shared;
    for (const cursor of cursors.toClaim()) {
      if (stop.aborted) return;
      const { number: table, after } = cursor;
      const claimed = await this.#claim({ table, after }, found, (at) => cursors.move(cursor, at));
      cursors.end(cursor, after, claimed);
    }
  }

  async #claimDeferred(found: Found): Promise<void> {
    const isDue = performance.now() - this.#deferredAt >= DEFERRED_EVERY_MS;
    if (!this.#isLast || !isDue || !this.#shared.hasDeferred || !this.#options.outbox.isCurrent) return;
    this.#deferredAt = performance.now();
    await this.#claim({ table: DEFERRED, after: FIRST_PLACE }, found);
  }

  /** Resolves to undefined when it has failed. */
  async #claim(
    from: { readonly table: number; readonly after: string },
    found: Found,
    onClaimed: (claimed: Claimed) => void = () => {},
  ): Promise<Claimed | undefined> {
    const { outbox, room } = this.#options;
    const { most, mostBytes } = room;
    try {
      const claimed = await outbox.claim({ ...from, most, mostBytes }, async (rows, now) => {
        onClaimed(now); // the other lanes go on behind these rows
        return this.#relay(rows, found);
      });
      found.rows += claimed.rows;
      found.isMore ||= claimed.next !== FIRST_PLACE;
      return claimed;
    } catch (error) {
      found.hasFailed = true;
      this.onError(error);
      return undefined;
    }
  }

  async #relay(rows: readonly OutboxRow[], found: Found): Promise<SettledRows> {
    const { metrics, outbox } = this.#options;
    const settled = settleClaim(rows, await this.#settledOf(rows), this.#shared.failures);
    const deferred = settled.failed.filter(({ isHopeless }) => !isHopeless).length;
    metrics.relayed(outbox.name, settled.outcomes);
    metrics.deferred(outbox.name, deferred);
    if (deferred + settled.stays.length > 0) metrics.failed(outbox.name);
    if (deferred > 0) this.#shared.hasDeferred = true;
    found.hasFailed ||= settled.stays.length > 0;
    this.#report(settled);
    this.#shared.unknownTypes.relayed(settled.relayed.map(({ type }) => type));
    return settled;
  }

  /** An append that goes on after that is noticed when its row is claimed again. */
  async #settledOf(rows: readonly OutboxRow[]): Promise<readonly PromiseSettledResult<Outcome>[]> {
    const { deps, room } = this.#options;
    const end = new AbortController();
    const late = timer(room.mostMs, undefined, { signal: end.signal }).then(() => {
      throw new LogUnavailableError(`no outcome of a row within ${room.mostMs} ms`);
    });
    try {
      return await Promise.allSettled(rows.map((row) => Promise.race([relayRow(row, deps), late])));
    } finally {
      end.abort();
      await late.catch(() => {});
    }
  }

  #report({ failed, stays }: SettledClaim): void {
    const { causes } = this.#shared;
    for (const { row, reason, isHopeless } of failed) {
      const { id: jobId, type: jobType, attempts } = row;
      const details = { outbox: this.#options.outbox.name, jobId, jobType, attempts: attempts + 1, reason };
      const message = `row of the outbox ${isHopeless ? 'rejected' : 'deferred'}`;
      causes.log({ level: 'error', message, cause: reason, details });
    }
    for (const error of stays) this.#log(error);
  }

  protected onError(error: unknown): NextTurn {
    const { outbox, metrics } = this.#options;
    metrics.failed(outbox.name);
    this.#log(error);
    return UNAVAILABLE_PAUSE_MS;
  }

  #log(error: unknown): void {
    const [level, message] = isTemporary(error)
      ? (['warn', 'rows of the outbox stay for now'] as const)
      : (['error', 'rows of the outbox cannot be relayed'] as const);
    const details = { err: error, outbox: this.#options.outbox.name };
    this.#shared.causes.log({ level, message, cause: String(error), details });
  }
}
