import { Pool, type PoolClient } from 'pg';
import { countJobs, type OutboxCounts } from './countJobs.ts';
import { OutboxUnavailableError } from './errors.ts';

/** A job that waits; its parts are the texts of JSON values. */
export interface OutboxRow {
  readonly id: string;
  readonly enqueuedAt: Date;
  readonly type: string;
  readonly payload: string | null;
  /** Without the idempotency key. */
  readonly options: string | null;
  /** Of the idempotency key within the tenant, in hexadecimal digits. */
  readonly keyDigest: string | null;
  readonly tenant: string | null;
}

/** A row that is not to become a job, and why. */
export interface Rejection {
  readonly row: OutboxRow;
  readonly reason: string;
}

/** A table in which jobs may wait. */
export interface OutboxTable {
  readonly number: number;
  readonly bytes: number;
  /** Whether new jobs are enqueued in it. */
  readonly active: boolean;
}

export interface Claim {
  readonly table: number;
  /** Where to begin in the table: FIRST_PLACE, or the `last` of an earlier claim. */
  readonly after: string;
  readonly most: number;
}

export interface Claimed {
  readonly rows: number;
  readonly last: string;
}

export const FIRST_PLACE = '(0,0)';

/**
 * A commit that is lost brings rows back whose jobs exist, which is noticed; so it need not wait for the disk. A relay that is
 * frozen does not keep its rows for ever.
 */
const BEGIN = `BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL idle_in_transaction_session_timeout = '30s'`;
const CLAIM = `SELECT place::text, id, enqueued_at AS "enqueuedAt", type, payload, options, key_digest AS "keyDigest", tenant
  FROM jobstream.claim($1, $2, $3)`;
const REJECT = 'SELECT jobstream.reject($1, $2, $3, $4, $5, $6, $7, $8)';
const TIMEOUTS = { connectionTimeoutMillis: 5_000, query_timeout: 15_000 };

/**
 * The outbox in the database of an application, for a relay: it takes waiting jobs out and truncates what is drained. Needs no
 * more than EXECUTE on four functions, and nothing that outlives a transaction, so that it works through PgBouncer. Every
 * method rejects with OutboxUnavailableError when the database does not answer or has no outbox.
 */
export class Outbox {
  /** The server and the database, for people. */
  readonly name: string;
  readonly #pool: Pool;

  constructor({ url, maxConnections = 5 }: { readonly url: string; readonly maxConnections?: number }) {
    const { hostname, pathname } = new URL(url);
    this.name = hostname + pathname;
    const limits = { ...TIMEOUTS, max: maxConnections, keepAlive: true };
    this.#pool = new Pool({ ...limits, connectionString: url, application_name: 'jobstream-relay' });
    this.#pool.on('error', () => {}); // an idle connection was lost: the pool opens another on demand
  }

  /**
   * Claims jobs and gives them to `relay`. They leave the outbox once that has resolved, those that it returns for the table of
   * rejected ones; when it rejects, they stay.
   *
   * @throws what `relay` rejects with, too.
   */
  async claim(claim: Claim, relay: (rows: readonly OutboxRow[]) => Promise<readonly Rejection[]>): Promise<Claimed> {
    const client = await unavailable(this.#pool.connect());
    let failure: unknown;
    try {
      return await claimWith(client, claim, relay);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      // A connection whose transaction is open is closed, which rolls back.
      client.release(failure !== undefined);
    }
  }

  /** Truncates drained tables, and makes another one active when the active one has grown beyond `mostBytes`. */
  async rotate(mostBytes: number): Promise<readonly OutboxTable[]> {
    const { rows } = await unavailable(
      this.#pool.query<{ number: number; bytes: string; active: boolean }>('SELECT * FROM jobstream.rotate($1)', [
        mostBytes,
      ]),
    );
    return rows.map(({ number, bytes, active }) => ({ number, bytes: Number(bytes), active }));
  }

  /** Counts what waits and what was rejected. */
  count(): Promise<OutboxCounts> {
    return unavailable(countJobs(this.#pool));
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}

async function claimWith(
  client: PoolClient,
  { table, after, most }: Claim,
  relay: (rows: readonly OutboxRow[]) => Promise<readonly Rejection[]>,
): Promise<Claimed> {
  await unavailable(client.query(BEGIN));
  const { rows } = await unavailable(client.query<OutboxRow & { place: string }>(CLAIM, [table, after, most]));
  const rejections = rows.length === 0 ? [] : await relay(rows);
  for (const { row, reason } of rejections) await unavailable(client.query(REJECT, [...valuesOf(row), reason]));
  await unavailable(client.query('COMMIT'));
  return { rows: rows.length, last: rows.at(-1)?.place ?? after };
}

function valuesOf({ id, enqueuedAt, type, payload, options, keyDigest, tenant }: OutboxRow): readonly unknown[] {
  return [id, enqueuedAt, type, payload, options, keyDigest, tenant];
}

async function unavailable<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (cause) {
    throw new OutboxUnavailableError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
