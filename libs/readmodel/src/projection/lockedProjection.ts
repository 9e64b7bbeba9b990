import type { Client } from 'pg';
import type { DedicatedConnection } from '../postgres/dedicatedConnection.ts';
import { translated } from '../postgres/translated.ts';

const TRY_LOCK = 'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked';

/**
 * Plans are kept, and the first is made when a new table has a few rows: Postgres would read all of it for each batch from then on, until it
 * has analyzed it, a minute later or more. What a batch needs are rows by their keys. Up to Postgres 17 what cannot be read by a key costs
 * so much then, by its estimate, that each such statement would be compiled.
 */
const PLAN_SETTINGS = `SELECT set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),
  set_config('enable_mergejoin', 'off', false), set_config('jit', 'off', false)`;

/**
 * Tables that are written from the log, from a checkpoint on, on one connection that holds a lock, so that one process writes at a
 * time. After any method has rejected, close it and open another.
 */
export abstract class LockedProjection {
  readonly #connection: DedicatedConnection;
  readonly #lock: string;

  /** @param lock the name of the lock: one for each set of tables. */
  protected constructor(connection: DedicatedConnection, lock: string) {
    this.#connection = connection;
    this.#lock = lock;
  }

  /** The position in the log up to which the tables have everything. */
  abstract get lastSequence(): number;

  /** Aborted when the connection is lost, and the lock with it. */
  get ended(): AbortSignal {
    return this.#connection.ended;
  }

  /** Closes the connection, which frees the lock. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Takes the lock and reads the checkpoint; returns false while another process holds the lock. */
  async tryAcquire(): Promise<boolean> {
    const { rows } = await translated(this.client.query<{ locked: boolean }>(TRY_LOCK, [this.#lock]));
    if (rows[0]?.locked !== true) return false;
    await translated(this.client.query(PLAN_SETTINGS));
    await translated(this.begin());
    return true;
  }

  /** Reads from where the tables go on. Called with the lock. */
  protected abstract begin(): Promise<void>;

  protected get client(): Client {
    return this.#connection.client;
  }
}
