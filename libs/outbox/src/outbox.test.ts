import { createDatabase, eventually, queryDatabase } from '@jobstream/test-support';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OutboxUnavailableError } from './errors.ts';
import { installOutbox } from './installOutbox.ts';
import { FIRST_PLACE, Outbox, type OutboxRow, type OutboxTable } from './outbox.ts';

const SMALL = 65_536;

let url: string;
let outbox: Outbox;
beforeEach(async () => {
  url = await createDatabase();
  await installOutbox(url);
  outbox = new Outbox({ url });
});
afterEach(() => outbox.close());

async function connect(): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

const enqueue = (jobs: number) =>
  queryDatabase(url, "SELECT jobstream.enqueue('email', to_jsonb(i)) FROM generate_series(1, $1) AS i", [jobs]);

/** Takes everything that waits out of all tables, as a relay does, and returns the payloads. */
async function drain(): Promise<readonly (string | null)[]> {
  const payloads: (string | null)[] = [];
  for (const { number } of await outbox.rotate(SMALL)) {
    let rows = 1;
    for (let after = FIRST_PLACE; rows > 0;) {
      const take = (taken: readonly OutboxRow[]) => {
        payloads.push(...taken.map(({ payload }) => payload));
        return Promise.resolve([]);
      };
      const claimed = await outbox.claim({ table: number, after, most: 100 }, take);
      [rows, after] = [claimed.rows, claimed.last];
    }
  }
  return payloads;
}

/** Waits until only the active table is left: a rotation leaves a table alone that autovacuum looks at just then. */
function drained(): Promise<readonly OutboxTable[]> {
  return eventually(async () => {
    const tables = await outbox.rotate(SMALL);
    expect(tables.filter(({ active }) => !active)).toEqual([]);
    return tables;
  });
}

test('rows that a relay claims are passed by for another, and are back when it fails', async () => {
  await enqueue(3);
  const claim = { table: 0, after: FIRST_PLACE, most: 2 };
  const first = outbox.claim(claim, async (rows) => {
    expect(rows.map(({ payload }) => payload)).toEqual(['1', '2']);
    const others = await outbox.claim({ ...claim, most: 10 }, (more) => {
      expect(more.map(({ payload }) => payload)).toEqual(['3']);
      return Promise.resolve([]);
    });
    expect(others.rows).toBe(1);
    throw new Error('the log is unavailable');
  });
  await expect(first).rejects.toThrow('the log is unavailable');
  expect((await outbox.count()).waiting).toBe(2);
  expect(await drain()).toEqual(['1', '2']);
});

test(
  'a claim whose connection is lost while its jobs are appended is back, and the next one has another connection',
  { tags: ['exact'] },
  async () => {
    await enqueue(3);
    const claim = { table: 0, after: FIRST_PLACE, most: 10 };
    const lost = outbox.claim(claim, async () => {
      const backends = `FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'jobstream-relay'`;
      await queryDatabase(url, `SELECT pg_terminate_backend(pid) ${backends}`);
      await eventually(async () => expect(await queryDatabase(url, `SELECT ${backends}`)).toEqual([]));
      return [];
    });
    await expect(lost).rejects.toThrow(OutboxUnavailableError);
    expect(await drain()).toEqual(['1', '2', '3']);
  },
);

test('a row that is put back waits unchanged behind the others', async () => {
  await queryDatabase(url, `SELECT jobstream.enqueue('email', '"a"', '{"idempotencyKey": "k", "tags": ["b"]}')`);
  await enqueue(1);
  const claim = { table: 0, after: FIRST_PLACE, most: 1 };
  const before = await queryDatabase(url, 'SELECT * FROM jobstream.outbox_0');
  await outbox.claim(claim, (rows) => Promise.resolve(rows.map((row) => ({ row }))));
  expect(await queryDatabase(url, 'SELECT * FROM jobstream.outbox_0')).toEqual(before.toReversed());
});

test('the tables stay small while transactions are open, one of which has enqueued', async () => {
  await using reader = await connect();
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await reader.query('SELECT txid_current()');
  await using enqueuer = await connect();
  await enqueuer.query(`BEGIN; SELECT jobstream.enqueue('email', '"open"')`);
  const used = new Set<number>();
  for (let round = 0; round < 12; round += 1) {
    await enqueue(1_000);
    expect(await drain()).toHaveLength(1_000);
    for (const { number, active } of await outbox.rotate(SMALL)) if (active) used.add(number);
    expect((await outbox.count()).bytes).toBeLessThan(1_000_000);
  }
  expect(used).toEqual(new Set([1, 2, 3]));
  await enqueuer.query('COMMIT');
  expect(await drain()).toEqual(['"open"']);
  await drained();
});

test('a rotation does not wait for an enqueuer, nor does another enqueuer wait for the rotation', async () => {
  await enqueue(1_000);
  await using enqueuer = await connect();
  await enqueuer.query("BEGIN; SELECT jobstream.enqueue('email')");
  await drain();
  await queryDatabase(url, "SET lock_timeout = '1s'; SELECT * FROM jobstream.rotate(65536)");
  await queryDatabase(url, "SET lock_timeout = '1s'; SELECT jobstream.enqueue('email')");
  await enqueuer.query("SELECT jobstream.enqueue('email'); COMMIT");
  expect(await drain()).toHaveLength(3);
});

test('a job that was committed after the snapshot of a rotation is not truncated', async () => {
  await using rotation = await connect();
  await rotation.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT txid_current()');
  await enqueue(1);
  await queryDatabase(url, "SELECT setval('jobstream.outbox_active', 1)");
  const rotated = rotation.query('SELECT FROM jobstream.rotate(65536)');
  await expect(rotated).rejects.toThrow('jobstream: rotate needs the isolation level READ COMMITTED');
  expect((await outbox.count()).waiting).toBe(1);
});

test('an application may make its transactions serializable and read-only by default', async () => {
  const name = new URL(url).pathname.slice(1);
  await enqueue(1_000);
  await queryDatabase(url, `ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable'`);
  await queryDatabase(url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  expect(await drain()).toHaveLength(1_000);
  expect(await drained()).toMatchObject([{ number: 1, active: true }]);
});

test('without an outbox, or without a server, everything is unavailable for now', async () => {
  const other = new Outbox({ url: await createDatabase() });
  await expect(other.count()).rejects.toThrow(OutboxUnavailableError);
  await expect(other.rotate(1)).rejects.toThrow('the outbox is unavailable: schema "jobstream" does not exist');
  await other.close();
  const away = new Outbox({ url: 'postgres://127.0.0.1:1/none' });
  const claim = away.claim({ table: 0, after: FIRST_PLACE, most: 1 }, () => Promise.resolve([]));
  await expect(claim).rejects.toThrow(OutboxUnavailableError);
  await away.close();
});
