import { randomUUID } from 'node:crypto';
import { createDatabase, eventually, queryDatabase } from '@jobstream/test-support';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DEFERRED, FIRST_PLACE } from './claimJobs.ts';
import { OutboxRefusedError } from './errors.ts';
import { retryJobs } from './failedJobs.ts';
import { installOutbox, outboxStatus } from './installOutbox.ts';
import { Outbox } from './outbox.ts';
import { outboxSql, outboxVersions } from './outboxVersions.ts';
import { uninstallOutbox } from './uninstallOutbox.ts';

let url: string;
beforeEach(async () => {
  url = await createDatabase();
});

const enqueue = (database: string) => queryDatabase(database, "SELECT jobstream.enqueue('email')");
const schemas = () => queryDatabase(url, "SELECT FROM pg_namespace WHERE nspname = 'jobstream'");

test('a database without an outbox has version 0', async () => {
  expect(await outboxStatus(url)).toEqual({
    version: 0,
    waiting: 0,
    isEstimate: false,
    deferred: 0,
    rejected: 0,
    oldest: undefined,
    bytes: 0,
  });
});

test('says what it does, and nothing is left to do the second time', async () => {
  const said: string[] = [];
  await installOutbox(url, (line) => said.push(line));
  expect(said).toEqual([
    'creates the schema jobstream',
    'version 1 of the outbox: creates its tables and functions in the schema jobstream',
    'version 2 of the outbox: creates its tables and functions in the schema jobstream',
    'version 3 of the outbox: creates its tables and functions in the schema jobstream',
    'version 4 of the outbox: creates its tables and functions in the schema jobstream',
    'version 5 of the outbox: creates its tables and functions in the schema jobstream',
    'version 6 of the outbox: creates its tables and functions in the schema jobstream',
  ]);
  await installOutbox(url, (line) => said.push(line));
  expect(said.slice(7)).toEqual(['version 6 of the outbox is installed already']);
});

test('a waiting job is counted, and keeps the outbox from being removed', async () => {
  await installOutbox(url);
  await enqueue(url);
  expect(await outboxStatus(url)).toMatchObject({ version: 6, waiting: 1, rejected: 0, oldest: expect.any(Date) });
  await expect(uninstallOutbox(url)).rejects.toThrow('the outbox has 1 waiting and 0 rejected jobs');
  expect(await schemas()).toHaveLength(1);
  await uninstallOutbox(url, { discard: true });
  expect(await schemas()).toHaveLength(0);
});

test('removing it leaves nothing, also where there was none', async () => {
  await installOutbox(url);
  await uninstallOutbox(url);
  await uninstallOutbox(url);
  expect(await schemas()).toHaveLength(0);
});

test('a schema of the same name that is not an outbox is left alone', async () => {
  await queryDatabase(url, 'CREATE SCHEMA jobstream');
  await expect(installOutbox(url)).rejects.toThrow(OutboxRefusedError);
});

test.each([installOutbox, uninstallOutbox, outboxStatus])(
  'an outbox that was copied without its rows is not taken for none: %o',
  async (command) => {
    await installOutbox(url);
    await queryDatabase(url, 'DELETE FROM jobstream.versions');
    await expect(command(url)).rejects.toThrow('the outbox was copied without its rows');
  },
);

test('a database in another encoding is refused', async () => {
  const name = `latin_${process.pid}`;
  await queryDatabase(url, `CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
  const latin = new URL(url);
  latin.pathname = `/${name}`;
  await expect(installOutbox(latin.href)).rejects.toThrow('expected a database in UTF8, got: LATIN1');
});

test('the SQL can be read before it is run', () => {
  expect(outboxSql()).toContain('CREATE FUNCTION jobstream.enqueue(');
  expect(outboxSql(6)).toBe('');
});

/** Installs the versions up to this one, as an earlier release did. */
async function installOlder(version: number, owner?: string): Promise<void> {
  const sql = outboxVersions().filter(({ number }) => number <= version);
  await queryDatabase(
    url,
    `CREATE SCHEMA jobstream AUTHORIZATION ${owner ?? 'CURRENT_USER'}; SET ROLE ${owner ?? 'NONE'};
    CREATE TABLE jobstream.versions (number integer PRIMARY KEY, installed_at timestamptz DEFAULT now());
    INSERT INTO jobstream.versions SELECT generate_series(1, ${version}); ${sql.map((one) => one.sql).join(';')}`,
  );
}

const FIRST_CLAIM = { table: 0, after: FIRST_PLACE, most: 10, mostBytes: 1_000 };

const relayOne = async (outbox: Outbox, table = 0): Promise<number> => {
  await outbox.rotate(1_000_000);
  const { rows } = await outbox.claim({ ...FIRST_CLAIM, table }, (relayed) => Promise.resolve({ relayed, failed: [] }));
  return rows;
};

describe('a relay with no more rights than it needs', () => {
  const role = `relay_${randomUUID().replaceAll('-', '')}`;
  const asRole = () => {
    const address = new URL(url);
    [address.username, address.password] = [role, 'secret'];
    return address.href;
  };
  beforeAll(async () => queryDatabase(await createDatabase(), `CREATE ROLE ${role} LOGIN PASSWORD 'secret'`));
  afterEach(() => queryDatabase(url, `DROP OWNED BY ${role}`));
  afterAll(() => queryDatabase(url, `DROP ROLE ${role}`));

  test.each([1, 2, 3])(
    'takes jobs out of version %i, whatever the default level is, and has its rights after the upgrade',
    async (version) => {
      await installOlder(version);
      const granted = ['claim', 'reject', 'rotate', 'outbox_status', ...(version > 1 ? ['put_back'] : [])];
      await queryDatabase(
        url,
        `GRANT EXECUTE ON FUNCTION ${granted.map((name) => `jobstream.${name}`).join(', ')} TO ${role};
      ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_isolation = 'serializable'`,
      );
      const outbox = new Outbox({ url: asRole() });
      await enqueue(url);
      expect([await relayOne(outbox), outbox.isCurrent, (await outbox.count())?.waiting]).toEqual([1, false, 0]);
      await installOutbox(url);
      await enqueue(url);
      expect([await relayOne(outbox), outbox.isCurrent, (await outbox.count())?.waiting]).toEqual([1, true, 0]);
      await outbox.close();
    },
  );

  test('gives a whole claim back to an earlier version when one of its jobs has failed', async () => {
    await installOlder(3);
    const outbox = new Outbox({ url });
    await enqueue(url);
    await outbox.rotate(1_000_000);
    const claimed = outbox.claim(FIRST_CLAIM, ([row]) => {
      if (row === undefined) throw new Error('there is no row');
      return Promise.resolve({ relayed: [], failed: [{ row, reason: 'a fault', isHopeless: false }] });
    });
    await expect(claimed).rejects.toThrow('all 1 rows of a claim stay, since one does: a fault');
    expect((await outbox.count())?.waiting).toBe(1);
    await outbox.close();
  });

  test('of an earlier release works with this version', async () => {
    await installOlder(3);
    await queryDatabase(
      url,
      `GRANT EXECUTE ON FUNCTION jobstream.claim, jobstream.reject, jobstream.put_back, jobstream.rotate,
      jobstream.outbox_status TO ${role}`,
    );
    await installOutbox(url);
    for (const tag of ['relayed', 'kept', 'rejected'])
      await queryDatabase(url, `SELECT jobstream.enqueue('email', '"${tag}"')`);
    // What such a relay sends.
    await queryDatabase(asRole(), 'BEGIN; SELECT number, bytes, active FROM jobstream.rotate(1048576); COMMIT');
    await queryDatabase(
      asRole(),
      `BEGIN;
      CREATE TEMPORARY TABLE claimed AS SELECT * FROM jobstream.claim(0, '(0,0)', 500);
      SELECT jobstream.put_back(id, enqueued_at, type, payload::jsonb, options::jsonb, key_digest, tenant) FROM claimed
        WHERE payload = '"kept"';
      SELECT jobstream.reject(id, enqueued_at, type, payload::jsonb, options::jsonb, key_digest, tenant, 'a reason') FROM claimed
        WHERE payload = '"rejected"';
      COMMIT`,
    );
    const [counts] = await queryDatabase(asRole(), 'SELECT waiting::int, rejected::int FROM jobstream.outbox_status()');
    expect(counts).toEqual({ waiting: 1, rejected: 1 });
  });
});

test.each([0, 3])('rows leave where all tables are published, after an upgrade from version %i', async (version) => {
  if (version > 0) await installOlder(version);
  await queryDatabase(url, 'CREATE PUBLICATION everything FOR ALL TABLES');
  await installOutbox(url);
  for (let job = 0; job < 3; job += 1) await enqueue(url);
  const outbox = new Outbox({ url });
  await outbox.claim({ ...FIRST_CLAIM, most: 3 }, ([relayed, ...others]) => {
    const failed = others.map((row, index) => ({ row, reason: 'a fault', isHopeless: index === 0 }));
    return Promise.resolve({ relayed: relayed === undefined ? [] : [relayed], failed });
  });
  expect(await retryJobs(url, 'all')).toBe(2);
  expect([await relayOne(outbox), await relayOne(outbox, DEFERRED)]).toEqual([1, 1]);
  expect(await outbox.count()).toMatchObject({ waiting: 0, deferred: 0, rejected: 0 });
  await outbox.close();
});

test('an upgrade by another role leaves everything with the owner', async () => {
  const owner = `owner_${randomUUID().replaceAll('-', '')}`;
  await queryDatabase(url, `CREATE ROLE ${owner}`);
  await installOlder(3, owner);
  await installOutbox(url);
  const owners = `SELECT pg_get_userbyid(relowner) AS name FROM pg_class WHERE relnamespace = 'jobstream'::regnamespace
    UNION SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE pronamespace = 'jobstream'::regnamespace`;
  expect(await queryDatabase(url, owners)).toEqual([{ name: owner }]);
  await queryDatabase(url, `DROP OWNED BY ${owner}; DROP ROLE ${owner}`);
});

test('an upgrade does not wait for a transaction that has enqueued, nor do enqueuers for the upgrade', async () => {
  await installOlder(3);
  const app = new Client({ connectionString: url });
  await app.connect();
  await app.query("BEGIN; SELECT jobstream.enqueue('email')");
  const [upgrade] = await Promise.allSettled([
    installOutbox(url),
    queryDatabase(url, "SET lock_timeout = '5s'; SELECT jobstream.enqueue('email')"),
  ]);
  expect(upgrade).toMatchObject({
    reason: { message: expect.stringContaining('a transaction is open that has enqueued') },
  });
  await app.query('COMMIT');
  await app.end();
  await installOutbox(url);
  expect(await outboxStatus(url)).toMatchObject({ version: 6, waiting: 2 });
});

test('an upgrade from version 4 waits for no transaction, keeps what waits, and lets jobs be unique', async () => {
  await installOlder(4);
  const unique = `SELECT jobstream.enqueue('email', '{"to": 1}', '{"unique": {"by": ["payload.to"]}}')`;
  await expect(queryDatabase(url, unique)).rejects.toThrow('jobstream: unique is not known here');
  const app = new Client({ connectionString: url });
  await app.connect();
  await app.query("BEGIN; SELECT jobstream.enqueue('email')");
  await installOutbox(url);
  await app.query('COMMIT');
  await app.query(unique);
  await app.end();
  expect(await outboxStatus(url)).toMatchObject({ version: 6, waiting: 2 });
});

test("who may call a relay's functions as anybody may call them as anybody after the upgrade", async () => {
  await installOlder(3);
  await queryDatabase(url, 'GRANT EXECUTE ON FUNCTION jobstream.claim TO PUBLIC');
  await installOutbox(url);
  const may = `SELECT proacl::text ~ '[{,]=X' AS may FROM pg_proc WHERE oid = 'jobstream.claim_jobs'::regproc`;
  expect(await queryDatabase(url, may)).toEqual([{ may: true }]);
});

test('two at the same time install it once, and it can be removed, where transactions are serializable and read-only by default', async () => {
  const name = new URL(url).pathname.slice(1);
  await queryDatabase(url, `ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable'`);
  await queryDatabase(url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  await Promise.all([installOutbox(url), installOutbox(url)]);
  expect((await outboxStatus(url)).version).toBe(6);
  await uninstallOutbox(url);
  expect(await schemas()).toHaveLength(0);
});

test('a job of a transaction that is open while the outbox is removed is not dropped', async () => {
  await installOutbox(url);
  const app = new Client({ connectionString: url });
  await app.connect();
  await app.query("BEGIN; SELECT jobstream.enqueue('email')");
  let outcome: string | undefined;
  const removal = uninstallOutbox(url).then(
    () => (outcome = 'removed'),
    (error: Error) => (outcome = error.message),
  );
  // It must not wait for the transaction once it has counted.
  const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ~ '^DROP'`;
  await eventually(async () => expect(outcome ?? (await queryDatabase(url, waits))[0]).toBeDefined());
  await app.query('COMMIT');
  await app.end();
  await removal;
  expect(outcome).toContain('a transaction is open that has enqueued');
  await expect(uninstallOutbox(url)).rejects.toThrow('the outbox has 1 waiting and 0 rejected jobs');
});

describe('a role to which the owner grants everything by default', () => {
  const role = `reader_${randomUUID().replaceAll('-', '')}`;
  const may = async () => {
    const objects = `SELECT proname AS name, has_function_privilege('${role}', oid, 'EXECUTE') AS may
      FROM pg_proc WHERE pronamespace = 'jobstream'::regnamespace
    UNION ALL SELECT relname, has_table_privilege('${role}', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
      FROM pg_class WHERE relnamespace = 'jobstream'::regnamespace AND relkind = 'r'
    UNION ALL SELECT relname, has_sequence_privilege('${role}', oid, 'USAGE, SELECT, UPDATE')
      FROM pg_class WHERE relnamespace = 'jobstream'::regnamespace AND relkind = 'S'
    UNION ALL SELECT 'schema', has_schema_privilege('${role}', 'jobstream', 'CREATE')`;
    const rows = await queryDatabase<{ name: string; may: boolean }>(url, objects);
    return rows.filter((row) => row.may).map(({ name }) => name);
  };
  beforeEach(async () => {
    await queryDatabase(url, `CREATE ROLE ${role}`);
    for (const kind of ['SCHEMAS', 'TABLES', 'SEQUENCES', 'FUNCTIONS'])
      await queryDatabase(url, `ALTER DEFAULT PRIVILEGES GRANT ALL ON ${kind} TO ${role}`);
  });
  afterEach(() => queryDatabase(url, `DROP OWNED BY ${role}; DROP ROLE ${role}`));

  test('has no rights in a new outbox, and can still be granted them', async () => {
    await installOutbox(url);
    expect(await may()).toEqual([]);
    await queryDatabase(url, `GRANT EXECUTE ON FUNCTION jobstream.enqueue TO ${role}`);
    expect(await may()).toEqual(['enqueue']);
  });

  test.each([3, 4])(
    'keeps the functions that it could call in an upgrade of version %i, and gets no others',
    async (version) => {
      await installOlder(version);
      await queryDatabase(url, `REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA jobstream FROM ${role}`);
      await queryDatabase(url, `GRANT EXECUTE ON FUNCTION jobstream.enqueue TO ${role}`);
      await installOutbox(url);
      expect(await may()).toEqual(['enqueue']);
    },
  );
});
