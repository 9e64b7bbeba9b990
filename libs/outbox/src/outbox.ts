import { Pool, type PoolClient, type QueryResult } from 'pg';
import { type Claim, claimJobs, type Claimed, type Relay } from './claimJobs.ts';
import { claimOfOlderVersion } from './claimOfOlderVersion.ts';
import { type Counted, countsOf, countStatement, type OutboxCounts } from './countJobs.ts';
import { unavailable } from './errors.ts';

/** A table in which jobs may wait. */
export interface OutboxTable {
  readonly number: number;
  readonly bytes: number;
  /** Whether new jobs are enqueued in it. */
  readonly active: boolean;
}

/**
 * Does not depend on the defaults of the database, the role, or a pooler's connection. A commit that is lost brings rows back
 * whose jobs exist, which is noticed; so it need not wait for the disk. A relay that is frozen does not keep its rows for ever,
 * and what takes too long ends on the server before the client gives it up: else the next one would run beside it.
 */
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
  SET LOCAL synchronous_commit = off; SET LOCAL idle_in_transaction_session_timeout = '15s';
  SET LOCAL statement_timeout = '10s'; SET LOCAL lock_timeout = '3s'`;
const TIMEOUTS = { connectionTimeoutMillis: 5_000, query_timeout: 15_000 };
const DEFAULT_PORT = '5432';
/**
 * Asked before claimed rows are relayed. When a server dies, its last commits become visible although a synchronous standby may lack
 * them: the job of one would be there without its business row after a failover. A process of such a server ends before it answers.
 */
const STILL_LIVES = 'SELECT 1';
/** The version that this release needs, told by a function of its own: a relay may not read the table of versions. */
const IS_CURRENT = `SELECT to_regprocedure('jobstream.claim_jobs(integer,tid,integer,bigint)') IS NOT NULL AS "isCurrent"`;

/**
 * The outbox in the database of an application, for a relay: it takes waiting jobs out and truncates what is drained. Needs no
 * more than EXECUTE on four functions, and nothing that outlives a transaction, so that it works through PgBouncer. Every
 * method rejects with OutboxUnavailableError when the database does not answer or has no outbox.
 */
export class Outbox {
  /** The server and the database, for people; the port only where it is not Postgres's, as of a pooler or a second server. */
  readonly name: string;
  readonly #pool: Pool;
  #isCurrent = true;

  constructor({ url, maxConnections = 5 }: { readonly url: string; readonly maxConnections?: number }) {
    const { hostname, port, pathname } = new URL(url);
    this.name = `${hostname}${['', DEFAULT_PORT].includes(port) ? '' : `:${port}`}${pathname}`;
    const limits = { ...TIMEOUTS, max: maxConnections, keepAlive: true };
    this.#pool = new Pool({ ...limits, connectionString: url, application_name: 'jobstream-relay' });
    this.#pool.on('error', () => {}); // an idle connection was lost: the pool opens another on demand
    // One in use was lost while no statement ran, which the next statement notices.
    this.#pool.on('connect', (client) => void client.on('error', () => {}));
  }

  /**
   * Whether the last rotation found the outbox of this release. That of an earlier one is relayed from all the same, but a job
   * that fails keeps those that were claimed with it.
   */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /**
   * Claims jobs and gives them to `relay`. Those that it returns as relayed leave the outbox, those that have failed are
   * deferred or rejected, and the others stay where they are. When it rejects, all stay.
   *
   * @throws what `relay` rejects with, too.
   */
  claim(claim: Claim, relay: Relay): Promise<Claimed> {
    const claimWith = this.#isCurrent ? claimJobs : claimOfOlderVersion;
    return this.#withClient(async (client) => {
      await unavailable(client.query(BEGIN));
      const claimed = await claimWith(client, claim, async (rows, of) => {
        await unavailable(client.query(STILL_LIVES));
        return relay(rows, of);
      });
      await unavailable(client.query('COMMIT'));
      return claimed;
    });
  }

  /** Truncates drained tables, and makes another one active when the active one has grown beyond `mostBytes`. */
  async rotate(mostBytes: number): Promise<readonly OutboxTable[]> {
    const rotate = `SELECT number, bytes::float8, active FROM jobstream.rotate(${Math.floor(mostBytes)})`;
    const [{ isCurrent } = { isCurrent: true }, ...tables] = await this.#transact<OutboxTable & { isCurrent: boolean }>(
      [IS_CURRENT, rotate],
    );
    this.#isCurrent = isCurrent;
    return tables;
  }

  /**
   * Counts what waits, what is deferred, and what was rejected. Resolves to undefined while another relay or a command counts: one
   * does at a time.
   */
  async count(): Promise<OutboxCounts | undefined> {
    const statement = countStatement({ isCurrent: this.#isCurrent, waits: false });
    const [counted] = await this.#transact<Counted>([statement]);
    return counted && countsOf(counted);
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  /**
   * Runs statements in a transaction, all in one message, and returns their rows: a process that is frozen between two messages
   * would keep the locks of a transaction.
   */
  async #transact<Row>(statements: readonly string[]): Promise<readonly Row[]> {
    const text = [BEGIN, ...statements, 'COMMIT'].join('; ');
    const results = await this.#withClient((client) => unavailable(client.query(text)));
    return (results as unknown as readonly QueryResult[]).flatMap(({ rows }) => rows as Row[]);
  }

  /** A connection on which the work has failed is closed, which rolls back. */
  async #withClient<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await unavailable(this.#pool.connect());
    let isDone = false;
    try {
      const result = await work(client);
      isDone = true;
      return result;
    } finally {
      client.release(!isDone);
    }
  }
}
