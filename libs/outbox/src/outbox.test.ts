import { createDatabase, eventually, queryDatabase } from '@jobstream/test-support';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OutboxUnavailableError } from './errors.ts';
import { installOutbox, outboxStatus } from './installOutbox.ts';
import { DEFERRED, FIRST_PLACE, type OutboxRow, type SettledRows } from './claimJobs.ts';
import { Outbox, type OutboxTable } from './outbox.ts';

const SMALL = 65_536;
const ALL = { table: 0, after: FIRST_PLACE, most: 1_000, mostBytes: 10_000_000 };

const relayed = (rows: readonly OutboxRow[]): Promise<SettledRows> => Promise.resolve({ relayed: rows, failed: [] });

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
    const take = (taken: readonly OutboxRow[]) => {
      payloads.push(...taken.map(({ payload }) => payload));
      return relayed(taken);
    };
    let after = FIRST_PLACE;
    do after = (await outbox.claim({ ...ALL, table: number, after, most: 100 }, take)).next;
    while (after !== FIRST_PLACE);
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
  const first = outbox.claim({ ...ALL, most: 2 }, async (rows) => {
    expect(rows.map(({ payload }) => payload)).toEqual(['1', '2']);
    const others = await outbox.claim(ALL, (more) => {
      expect(more.map(({ payload }) => payload)).toEqual(['3']);
      return relayed(more);
    });
    expect(others.rows).toBe(1);
    throw new Error('the log is unavailable');
  });
  await expect(first).rejects.toThrow('the log is unavailable');
  expect((await outbox.count())?.waiting).toBe(2);
  const back: unknown[] = [];
  // Its connection is closed, and the server notices that a moment later.
  await eventually(async () => {
    back.push(...(await drain()));
    expect(back).toEqual(['1', '2']);
  });
});

test(
  'a claim whose connection is lost while its jobs are appended is back, and the next one has another connection',
  { tags: ['exact'] },
  async () => {
    await enqueue(3);
    const lost = outbox.claim(ALL, async (rows) => {
      const backends = `FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'jobstream-relay'`;
      await queryDatabase(url, `SELECT pg_terminate_backend(pid) ${backends}`);
      await eventually(async () => expect(await queryDatabase(url, `SELECT ${backends}`)).toEqual([]));
      return relayed(rows);
    });
    await expect(lost).rejects.toThrow(OutboxUnavailableError);
    expect(await drain()).toEqual(['1', '2', '3']);
  },
);

test('of a claim, what was relayed leaves, what has failed is deferred or rejected, and the others stay in their place', async () => {
  await queryDatabase(url, `SELECT jobstream.enqueue('email', '"a"', '{"idempotencyKey": "k", "tags": ["b"]}')`);
  await enqueue(3);
  const before = await queryDatabase(url, 'SELECT * FROM jobstream.outbox_0');
  await outbox.claim(ALL, ([first, second, third]) => {
    if (first === undefined || second === undefined || third === undefined) throw new Error('there are too few rows');
    const deferred = { row: first, reason: 'a fault\0', isHopeless: false };
    return Promise.resolve({ relayed: [third], failed: [deferred, { row: second, reason: 'none', isHopeless: true }] });
  });
  expect(await queryDatabase(url, 'SELECT * FROM jobstream.outbox_0')).toEqual([before[3]]);
  const failed = (table: string, more: string) =>
    queryDatabase(
      url,
      `SELECT id, enqueued_at, type, payload, options, key_digest, tenant, ${more} FROM jobstream.${table}`,
    );
  expect(await failed('outbox_deferred', 'attempts, reason')).toEqual([
    { ...before[0], attempts: 1, reason: 'a fault' },
  ]);
  expect(await failed('outbox_rejected', 'reason')).toEqual([{ ...before[1], reason: 'none' }]);
  expect(await outbox.count())?.toMatchObject({ waiting: 1, deferred: 1, rejected: 1, isEstimate: false });
});

const due = () => queryDatabase(url, 'UPDATE jobstream.outbox_deferred SET next_try_at = now()');
const fail = (rows: readonly OutboxRow[]): Promise<SettledRows> =>
  Promise.resolve({ relayed: [], failed: rows.map((row) => ({ row, reason: 'again', isHopeless: false })) });

test('a deferred job is claimed when its pause is over, which grows with each failure, and leaves once it is relayed', async () => {
  await enqueue(1);
  await outbox.claim(ALL, fail);
  const deferred = { ...ALL, table: DEFERRED };
  const pauses: unknown[] = [];
  for (let attempts = 1; attempts <= 12; attempts += 1) {
    expect((await outbox.claim(deferred, relayed)).rows).toBe(0);
    const pause = 'attempts, round(extract(epoch FROM next_try_at - clock_timestamp()) / 10) * 10 AS s';
    pauses.push(
      ...(await queryDatabase(url, `SELECT ${pause} FROM jobstream.outbox_deferred`)).map((row) => [
        row['attempts'],
        Number(row['s']),
      ]),
    );
    await due();
    await outbox.claim(deferred, (rows) => (expect(rows).toMatchObject([{ attempts, payload: '1' }]), fail(rows)));
  }
  expect(pauses.slice(5)).toEqual([
    [6, 30],
    [7, 60],
    [8, 130],
    [9, 260],
    [10, 510],
    [11, 600],
    [12, 600],
  ]);
  await due();
  await outbox.claim(deferred, relayed);
  expect(await outbox.count())?.toMatchObject({ waiting: 0, deferred: 0, rejected: 0 });
});

test('a claim takes no more than its bytes, counted as they are sent, and one job at least', async () => {
  // Compressed they have some hundred bytes each.
  await queryDatabase(
    url,
    "SELECT jobstream.enqueue('email', to_jsonb(repeat('a', 100000))) FROM generate_series(1, 5)",
  );
  await enqueue(1);
  const rows: number[] = [];
  for (let claim = { ...ALL, mostBytes: 250_000 }; rows.length === 0 || claim.after !== FIRST_PLACE;) {
    const claimed = await outbox.claim(claim, relayed);
    rows.push(claimed.rows);
    claim = { ...claim, after: claimed.next };
  }
  expect(rows).toEqual([2, 2, 2]);
  await enqueue(2);
  expect((await outbox.claim({ ...ALL, mostBytes: 0 }, relayed)).rows).toBe(1);
});

test('a claim looks at a bounded part of a table that is full of dead rows, and the next one goes on behind it', async () => {
  await queryDatabase(url, 'ALTER TABLE jobstream.outbox_0 SET (autovacuum_enabled = off)');
  // A row a page, in more pages than a claim looks at.
  await queryDatabase(
    url,
    `INSERT INTO jobstream.outbox_0 (id, enqueued_at, type, payload)
    SELECT gen_random_uuid(), now(), 'dead', to_jsonb((SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 60)) || i)
    FROM generate_series(1, 20000) AS i`,
  );
  await queryDatabase(url, 'DELETE FROM jobstream.outbox_0');
  await enqueue(1);
  const claims: unknown[] = [];
  let after = FIRST_PLACE;
  do {
    const { rows, next } = await outbox.claim({ ...ALL, after }, relayed);
    claims.push([rows, next]);
    after = next;
  } while (after !== FIRST_PLACE);
  expect(claims).toEqual([
    [0, '(4096,0)'],
    [1, FIRST_PLACE],
  ]);
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
    expect((await outbox.count())?.bytes).toBeLessThan(1_000_000);
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

test.each(['REPEATABLE READ', 'SERIALIZABLE'])(
  'a rotation of the level %s, which cannot see what was committed since, takes no job away',
  async (level) => {
    await using enqueuer = await connect();
    await enqueuer.query("BEGIN; SELECT jobstream.enqueue('email')");
    await queryDatabase(url, "SELECT setval('jobstream.outbox_active', 1)");
    await using rotation = await connect();
    await rotation.query(`BEGIN ISOLATION LEVEL ${level}; SELECT 1`);
    await enqueuer.query('COMMIT');
    const rotated = rotation.query('SELECT * FROM jobstream.rotate(1048576)');
    await expect(rotated).rejects.toThrow('jobstream: rotate needs the isolation level READ COMMITTED');
    await rotation.query('COMMIT');
    expect((await outbox.count())?.waiting).toBe(1);
  },
);

test.each([
  ['claim', "claim(0, '(0,0)', 1)"],
  ['claim_jobs', "claim_jobs(0, '(0,0)', 1, 1)"],
  ['rotate', 'rotate(1)'],
  ['truncate_if_drained', 'truncate_if_drained(1)'],
])('%s raises in every level but READ COMMITTED', async (name, call) => {
  const run = (level: string) => queryDatabase(url, `BEGIN ISOLATION LEVEL ${level}; SELECT jobstream.${call}; COMMIT`);
  for (const level of ['REPEATABLE READ', 'SERIALIZABLE']) {
    await expect(run(level)).rejects.toThrow(`jobstream: ${name} needs the isolation level READ COMMITTED`);
  }
  for (const level of ['READ COMMITTED', 'READ UNCOMMITTED']) await run(level);
});

test('a rotation that is not committed keeps no lock on the active table', async () => {
  for (const other of [1, 2, 3]) {
    await queryDatabase(url, `SELECT setval('jobstream.outbox_active', ${other})`);
    await enqueue(1);
  }
  await queryDatabase(url, "DELETE FROM jobstream.outbox_1; SELECT setval('jobstream.outbox_active', 0)");
  await enqueue(1_000);
  await using frozen = await connect();
  await frozen.query('BEGIN; SELECT * FROM jobstream.rotate(65536)'); // truncates the first of them
  await queryDatabase(url, "SET lock_timeout = '1s'; SELECT jobstream.enqueue('email')");
  await frozen.query('COMMIT');
  expect(await outbox.rotate(SMALL)).toContainEqual({ number: 1, bytes: expect.any(Number), active: true });
});

test('a table is not truncated that has become the active one', async () => {
  await enqueue(1);
  await queryDatabase(url, 'DELETE FROM jobstream.outbox_0');
  await using rotation = await connect();
  await rotation.query('BEGIN; SELECT jobstream.truncate_if_drained(0)');
  await queryDatabase(url, "SET lock_timeout = '1s'; SELECT jobstream.enqueue('email')");
  await rotation.query('COMMIT');
  expect((await outbox.count())?.waiting).toBe(1);
});

test('more than 100,000 jobs are estimated', async () => {
  await queryDatabase(
    url,
    `INSERT INTO jobstream.outbox_0 (id, enqueued_at, type)
    SELECT gen_random_uuid(), '2026-01-31T10:00:00Z', 'email' FROM generate_series(1, 200000)`,
  );
  const counts = await outbox.count();
  expect(counts).toMatchObject({ isEstimate: true, oldest: new Date('2026-01-31T10:00:00Z') });
  expect(counts?.waiting).toBeGreaterThan(190_000);
  expect(counts?.waiting).toBeLessThan(210_000);
});

test('one transaction counts at a time: a relay does without its numbers meanwhile, and a command and earlier releases wait', async () => {
  await enqueue(2);
  await using other = await connect();
  await other.query('BEGIN; SELECT * FROM jobstream.outbox_report()');
  expect(await outbox.count()).toBeUndefined();
  const waiting = Promise.all([
    outboxStatus(url),
    queryDatabase(url, 'SELECT waiting::int FROM jobstream.outbox_status()'),
  ]);
  const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`;
  await eventually(async () => expect(await queryDatabase(url, waits)).toHaveLength(2));
  await other.query('COMMIT');
  expect(await waiting).toMatchObject([{ waiting: 2 }, [{ waiting: 2 }]]);
  expect(await outbox.count()).toMatchObject({ waiting: 2 });
});

test('a count ends on the server before the relay gives it up', async () => {
  const parameters = 'number integer, OUT jobs bigint, OUT oldest timestamptz, OUT is_estimate boolean';
  const limit = `BEGIN RAISE 'ends after %', current_setting('statement_timeout'); END`;
  await queryDatabase(
    url,
    `CREATE OR REPLACE FUNCTION jobstream.count_jobs(${parameters}) LANGUAGE plpgsql AS $$ ${limit} $$`,
  );
  await expect(outbox.count()).rejects.toThrow('ends after 10s');
});

test('an application may make its transactions serializable and read-only by default', async () => {
  const name = new URL(url).pathname.slice(1);
  await enqueue(1_000);
  await queryDatabase(url, `ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable'`);
  await queryDatabase(url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  expect(await drain()).toHaveLength(1_000);
  expect(await drained()).toMatchObject([{ number: 1, active: true }]);
});

test('outboxes on several servers of a host have different names', () => {
  const addresses = ['db/shop', 'db:5432/shop', 'db:5433/shop', '[::1]:5433/shop'];
  const names = addresses.map((address) => new Outbox({ url: `postgres://relay:secret@${address}` }).name);
  expect(names).toEqual(['db/shop', 'db/shop', 'db:5433/shop', '[::1]:5433/shop']);
});

test('without an outbox, or without a server, everything is unavailable for now', async () => {
  const other = new Outbox({ url: await createDatabase() });
  await expect(other.count()).rejects.toThrow(OutboxUnavailableError);
  await expect(other.rotate(1)).rejects.toThrow('the outbox is unavailable: schema "jobstream" does not exist');
  await other.close();
  const away = new Outbox({ url: 'postgres://127.0.0.1:1/none' });
  const claim = away.claim(ALL, relayed);
  await expect(claim).rejects.toThrow(OutboxUnavailableError);
  await away.close();
});
