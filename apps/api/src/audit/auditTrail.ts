import { setTimeout as pause } from 'node:timers/promises';
import { type AuditLog, type AuditRecord, ReadModelUnavailableError } from '@jobstream/readmodel';
import { type Logger, type NextTurn, PeriodicLoop } from '@jobstream/runtime';

export interface AuditTrailOptions {
  readonly log: Pick<AuditLog, 'write' | 'removeOld'>;
  /** How long records are kept, in milliseconds; 0 for ever. */
  readonly retentionMs: number;
  /** How long a change waits for a record that is required, in milliseconds. */
  readonly requiredMs: number;
  readonly logger: Logger;
}

/** How long a change waits for its record, unless the record is required. */
const PATIENCE_MS = 500;
const CLEANING_INTERVAL_MS = 3_600_000;
/** About 10 MB. Beyond, records are in the process's log alone. */
const MAX_PENDING = 10_000;

/**
 * Writes the audit log: a record before each change, and its outcome after it.
 *
 * Records that Postgres does not take are kept in memory and written once it does, and old ones are removed.
 */
export class AuditTrail extends PeriodicLoop {
  readonly name = 'audit trail';
  readonly #options: AuditTrailOptions;
  readonly #pending = new Map<string, AuditRecord>();
  readonly #writing = new Set<Promise<void>>();
  #cleanedAt = Number.NEGATIVE_INFINITY;

  constructor(options: AuditTrailOptions) {
    super({ logger: options.logger, intervalMs: 1_000, failure: 'audit log unavailable' });
    this.#options = options;
  }

  /**
   * Writes the record of a change that is about to be made.
   *
   * @param required the change must not be made without its record, since nothing else tells who made it.
   * @throws ReadModelUnavailableError if a required record cannot be written.
   */
  async begin(record: AuditRecord, required: boolean): Promise<void> {
    if (required) return within(this.#options.requiredMs, this.#options.log.write(record));
    await Promise.race([this.#track(record), pause(PATIENCE_MS, undefined, { ref: false })]);
  }

  /** Writes the outcome of a change; does not wait for it. */
  finish(record: AuditRecord): void {
    void this.#track(record);
  }

  override async stop(): Promise<void> {
    await super.stop();
    await Promise.all(this.#writing);
    await this.#writePending().catch(() => {});
    for (const record of this.#pending.values()) this.#options.logger.error({ record }, 'audit record lost');
  }

  protected async turn(): Promise<NextTurn> {
    await this.#writePending();
    await this.#removeOld();
    return this.intervalMs;
  }

  protected override onError(error: unknown): NextTurn {
    return this.tryAgain(error, 'warn', { pending: this.#pending.size });
  }

  #track(record: AuditRecord): Promise<void> {
    const writing = this.#options.log.write(record).catch((error: unknown) => this.#keep(record, error));
    this.#writing.add(writing);
    return writing.finally(() => this.#writing.delete(writing));
  }

  #keep(record: AuditRecord, error: unknown): void {
    if (this.#pending.size >= MAX_PENDING || !(error instanceof ReadModelUnavailableError)) {
      this.#options.logger.error({ err: error, record }, 'audit record lost');
      return;
    }
    // The record of before the change may fail after that of its outcome.
    if (record.outcome === 'unknown' && this.#pending.has(record.id)) return;
    if (this.#pending.size === 0) this.#options.logger.warn({ err: error }, 'audit log unavailable, records are kept');
    this.#pending.set(record.id, record);
  }

  async #writePending(): Promise<void> {
    for (const [id, record] of this.#pending) {
      await this.#options.log.write(record);
      if (this.#pending.get(id) === record) this.#pending.delete(id);
    }
  }

  async #removeOld(): Promise<void> {
    const { log, retentionMs } = this.#options;
    if (retentionMs === 0 || performance.now() - this.#cleanedAt < CLEANING_INTERVAL_MS) return;
    if ((await log.removeOld(retentionMs)) === 0) this.#cleanedAt = performance.now();
  }
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const cancelled = new AbortController();
  const late = pause(ms, undefined, { signal: cancelled.signal }).then(() => {
    throw new ReadModelUnavailableError(`the audit log did not answer within ${ms / 1_000} s`);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    cancelled.abort();
    work.catch(() => {}); // it may fail after the race is over
    late.catch(() => {});
  }
}
