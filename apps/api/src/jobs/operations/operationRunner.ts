import type { ClaimedOperation } from '@jobstream/readmodel';
import { type NextTurn, PeriodicLoop } from '@jobstream/runtime';
import type { ApiDeps } from '../../apiDeps.ts';
import { runOperation } from './operationRun.ts';

export interface OperationRunnerOptions {
  readonly deps: ApiDeps;
  /** How often a process looks for operations. Default 1,000 ms. */
  readonly pollMs?: number;
}

/** Operations that one process carries out at a time. */
const MAX_RUNNING = 4;
const CLEANING_INTERVAL_MS = 3_600_000;
const RETENTION_MS = 30 * 86_400_000;
const UNBEGUN_MS = 86_400_000;

/**
 * Carries out operations on many jobs, also those that other processes accepted and did not finish, and removes old ones.
 *
 * An operation is carried out by one process at a time, under a claim that expires when the process no longer writes. The keys of those
 * that have ended are destroyed.
 */
export class OperationRunner extends PeriodicLoop {
  readonly name = 'operation runner';
  readonly #deps: ApiDeps;
  readonly #running = new Set<Promise<void>>();
  #cleanedAt = Number.NEGATIVE_INFINITY;
  #failing = false;

  constructor({ deps, pollMs = 1_000 }: OperationRunnerOptions) {
    super({ logger: deps.logger, intervalMs: pollMs, failure: 'operations unavailable' });
    this.#deps = deps;
  }

  /** Resolves when the jobs at hand are recorded; another process goes on with the rest. */
  override async stop(): Promise<void> {
    await super.stop();
    await Promise.all(this.#running);
  }

  protected async turn(stop: AbortSignal): Promise<NextTurn> {
    while (this.#running.size < MAX_RUNNING && !stop.aborted) {
      const operation = await this.#deps.operations.claim();
      if (operation === undefined) break;
      this.#begin(operation, stop);
    }
    await this.#removeOld();
    await this.#destroyKeys();
    this.#failing = false;
    return this.intervalMs;
  }

  protected override onError(error: unknown): NextTurn {
    if (this.#failing) return this.intervalMs;
    this.#failing = true;
    return this.tryAgain(error);
  }

  #begin(operation: ClaimedOperation, stop: AbortSignal): void {
    const run = this.#carryOut(operation, stop).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  async #carryOut(operation: ClaimedOperation, stop: AbortSignal): Promise<void> {
    const { id, kind, total } = operation;
    const { logger } = this.#deps;
    logger.info({ operation: id, kind, total }, 'operation claimed');
    try {
      const status = await runOperation(operation, this.#deps, stop);
      logger.info({ operation: id, status: status ?? 'claimed by another process' }, 'operation left');
    } catch (error) {
      logger.warn({ err: error, operation: id }, 'operation interrupted');
    }
  }

  /** What an operation has put into payloads is unreadable from its end on, also where copies of its row are. */
  async #destroyKeys(): Promise<void> {
    const { operations, log } = this.#deps;
    if (!log.contents.isEncrypting) return;
    for (const keyId of await operations.listKeysOfEnded()) {
      await log.contents.shred(keyId);
      await operations.forgetKey(keyId);
    }
  }

  async #removeOld(): Promise<void> {
    if (performance.now() - this.#cleanedAt < CLEANING_INTERVAL_MS) return;
    await this.#deps.operations.cancelUnbegun(UNBEGUN_MS);
    if ((await this.#deps.operations.removeOld(RETENTION_MS)) === 0) this.#cleanedAt = performance.now();
  }
}
