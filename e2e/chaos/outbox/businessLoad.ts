import { setTimeout as pause } from 'node:timers/promises';
import { DatabaseError, type Pool, type PoolClient } from 'pg';
import { bulkOrder, businessOrder, type BusinessOrder } from './businessOrder.ts';

export interface BusinessOptions {
  readonly database: Pool;
  readonly seed: string;
  /** How long the transactions that are held open last, in milliseconds. */
  readonly openMs: number;
}

/** How a transaction has ended: it was done, the server has undone it for the sake of another one, or nobody knows. */
type Ending = 'done' | 'undone' | 'unknown';

const WRITERS = 8;
const HOLDERS = 3;
const ROWS_OF_BULK = 1_000;
const RETRY_MS = 100;
/** The class of SQLSTATE of a server that goes down or has just come up. */
const GOES_DOWN = '57P';
const SERIALIZATION_FAILURE = '40001';
const INSERT = `INSERT INTO public.orders (number, note_digest, job_id)
  SELECT number, md5($4), jobstream.enqueue('order',
    CASE WHEN $4::text IS NULL THEN to_jsonb(number) ELSE jsonb_build_object('order', number, 'note', $4::text) END, $3)
  FROM generate_series($1::int, $2::int) AS number`;
/** A shelf that few transactions use at the same time, and none later: old versions of its row would make each of them fail again. */
const CHOOSE_SHELF = `SELECT nextval('public.shelves') / 8 AS shelf`;
/** Long enough for another transaction to take something meanwhile. */
const LOOK_AT_STOCK = 'SELECT taken, pg_sleep(0.05) FROM public.stock WHERE shelf = $1';
const TAKE_FROM_STOCK = 'UPDATE public.stock SET taken = taken + 1 WHERE shelf = $1';

/** What an application does: transactions that store orders and enqueue a job for each. */
export class BusinessLoad {
  readonly #options: BusinessOptions;
  readonly #holders: readonly Promise<void>[];
  #isOver = false;
  #orders = 0;
  /** Orders of transactions that are known to be committed. */
  #committed = 0;
  /** Transactions that have been tried, and those of them that were rolled back. */
  transactions = 0;
  rolledBack = 0;
  /** How often a transaction was made again, since it could not be serialized. */
  repeated = 0;
  /** Transactions that were held open for the whole time, and committed or rolled back after it. */
  held = 0;

  constructor(options: BusinessOptions) {
    this.#options = options;
    this.#holders = Array.from({ length: HOLDERS }, (_, number) => this.#hold(number));
  }

  /** Commits an order whose job has this idempotency key. */
  async store(idempotencyKey: string): Promise<void> {
    const number = this.#take(1);
    const order = { ...bulkOrder(this.#options.seed, number, 1), options: { idempotencyKey }, isRolledBack: false };
    if (!(await this.#make(order))) throw new Error(`nobody knows whether the order ${idempotencyKey} is stored`);
  }

  /** Makes transactions of an order each, several at a time. One whose outcome is unknown is not repeated. */
  async trade(count: number): Promise<void> {
    const last = this.transactions + count;
    const write = async () => {
      while (this.transactions < last) await this.#make(this.#nextOrder());
    };
    await Promise.all(Array.from({ length: WRITERS }, write));
  }

  /** Commits at least as many orders with few transactions. */
  async fill(orders: number): Promise<void> {
    const { seed } = this.#options;
    for (const goal = this.#committed + orders; this.#committed < goal;) {
      await this.#make(bulkOrder(seed, this.#take(ROWS_OF_BULK), ROWS_OF_BULK));
    }
  }

  /** Resolves when the transactions that are held open have lasted for their time. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#holders);
  }

  #nextOrder(): BusinessOrder {
    return businessOrder(this.#options.seed, this.#take(1));
  }

  /** The first of so many numbers that no order has yet. */
  #take(orders: number): number {
    this.#orders += orders;
    return this.#orders - orders + 1;
  }

  #make(order: BusinessOrder): Promise<boolean> {
    this.transactions += 1;
    return this.#untilSerialized(async (client) => {
      await client.query('BEGIN');
      await (order.takesStock ? storeFromStock(client, order) : store(client, order));
      await this.#end(client, order);
    });
  }

  /** Makes a transaction, and all of it again while it cannot be serialized. Resolves to whether it was done. */
  async #untilSerialized(transaction: (client: PoolClient) => Promise<void>): Promise<boolean> {
    for (;;) {
      const ending = await endingOf(await this.#connect(), transaction);
      if (ending !== 'undone') return ending === 'done';
      this.repeated += 1;
    }
  }

  /** Connections that fail are no transactions. */
  async #connect(): Promise<PoolClient> {
    for (;;) {
      const client = await this.#options.database.connect().catch(() => undefined);
      if (client !== undefined) return client;
      await pause(RETRY_MS);
    }
  }

  async #end(client: PoolClient, { first, last, isRolledBack }: BusinessOrder): Promise<void> {
    await client.query(isRolledBack ? 'ROLLBACK' : 'COMMIT');
    if (isRolledBack) this.rolledBack += 1;
    else this.#committed += last - first + 1;
  }

  /** Holds transactions open; every second holder has enqueued nothing until the end, but keeps rows from being vacuumed. */
  async #hold(number: number): Promise<void> {
    let isWhole = false;
    while (!this.#isOver || !isWhole) {
      isWhole = await this.#holdOne(this.#nextOrder(), number % 2 === 1);
      if (!isWhole) await pause(RETRY_MS);
    }
  }

  #holdOne(order: BusinessOrder, isLate: boolean): Promise<boolean> {
    return this.#untilSerialized(async (client) => {
      await client.query('BEGIN; SELECT txid_current()');
      if (!isLate) await store(client, order);
      await pause(this.#options.openMs);
      if (isLate) await store(client, order);
      await this.#end(client, order);
      this.held += 1;
    });
  }
}

async function store(client: PoolClient, { first, last, options, note }: BusinessOrder): Promise<void> {
  await client.query(INSERT, [first, last, options, note]);
}

async function storeFromStock(client: PoolClient, order: BusinessOrder): Promise<void> {
  const { rows } = await client.query<{ shelf: string }>(CHOOSE_SHELF);
  await client.query(LOOK_AT_STOCK, [rows[0]?.shelf]);
  await store(client, order);
  await client.query(TAKE_FROM_STOCK, [rows[0]?.shelf]);
}

/**
 * How the transaction has ended; the server may have gone at any point of it.
 *
 * @throws DatabaseError when a statement is refused, which none should be.
 */
async function endingOf(client: PoolClient, transaction: (client: PoolClient) => Promise<void>): Promise<Ending> {
  try {
    await transaction(client);
    client.release();
    return 'done';
  } catch (error) {
    client.release(true);
    if (!(error instanceof DatabaseError)) return 'unknown';
    if (error.code === SERIALIZATION_FAILURE) return 'undone';
    if (error.code?.startsWith(GOES_DOWN) !== true) throw error;
    return 'unknown';
  }
}
