import type { Pool } from 'pg';
import { assertMigrated } from './assertMigrated.ts';
import { createPool } from './createPool.ts';
import type { PoolOptions } from './createPool.ts';
import { ReadModelUnavailableError } from './errors.ts';
import { translated } from './translateError.ts';

/** A pool that asks nothing of a database before it knows that the migrations of this release were run. */
export class MigratedPool {
  readonly #pool: Pool;
  #checked: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: PoolOptions) {
    this.#pool = createPool(options);
  }

  /** Checks the tables. Postgres being away is no failure: the rest of a process can work without it. */
  async start(): Promise<void> {
    try {
      await this.#check();
    } catch (error) {
      if (!(error instanceof ReadModelUnavailableError)) throw error;
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#pool.end();
    return this.#stopped;
  }

  /** ReadModelUnavailableError, SchemaMismatchError, and what the question itself rejects with. */
  async ask<Answer>(question: (pool: Pool) => Promise<Answer>): Promise<Answer> {
    await this.#check();
    return translated(question(this.#pool));
  }

  /** Once successful it is not repeated: later migrations leave a running process able to go on. */
  async #check(): Promise<void> {
    const check = (this.#checked ??= translated(assertMigrated(this.#pool)));
    try {
      await check;
    } catch (error) {
      if (this.#checked === check) this.#checked = undefined;
      throw error;
    }
  }
}
