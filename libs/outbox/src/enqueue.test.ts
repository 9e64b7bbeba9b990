import { randomUUID } from 'node:crypto';
import { createDatabase, queryDatabase, startPgbouncer } from '@jobstream/test-support';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { installOutbox } from './installOutbox.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const WAITING = 'SELECT * FROM jobstream.outbox_0 ORDER BY enqueued_at';

let url: string;
beforeEach(async () => {
  url = await createDatabase();
  await installOutbox(url);
});

async function connect(as = url): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString: as });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

const waiting = () => queryDatabase(url, WAITING);

test('a job waits once the transaction is committed, and not after a rollback', async () => {
  await using app = await connect();
  await app.query('BEGIN');
  await app.query("SELECT jobstream.enqueue('email')");
  expect(await waiting()).toEqual([]);
  await app.query('ROLLBACK');
  expect(await waiting()).toEqual([]);
  await app.query(`SELECT jobstream.enqueue('email', '{"to": "a"}', '{"maxAttempts": 3}')`);
  expect(await waiting()).toMatchObject([
    { type: 'email', payload: { to: 'a' }, options: { maxAttempts: 3 }, tenant: null },
  ]);
});

test.each(['READ UNCOMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'])(
  'a job is enqueued in a transaction of the level %s, also into a table that was truncated since it began',
  async (level) => {
    await using app = await connect();
    await app.query(`BEGIN ISOLATION LEVEL ${level}; SELECT count(*) FROM pg_class`);
    await queryDatabase(
      url,
      `SELECT jobstream.enqueue('other'); DELETE FROM jobstream.outbox_0; SELECT setval('jobstream.outbox_active', 1);
      BEGIN; SELECT jobstream.truncate_if_drained(0); COMMIT; SELECT setval('jobstream.outbox_active', 0)`,
    );
    await app.query(`SELECT jobstream.enqueue('email'); SELECT jobstream.enqueue_many('[{"type": "email"}]'); COMMIT`);
    expect(await waiting()).toMatchObject([{ type: 'email' }, { type: 'email' }]);
  },
);

test('jobs of savepoints that are rolled back do not wait', async () => {
  await using app = await connect();
  await app.query(`BEGIN; SELECT jobstream.enqueue('kept'); SAVEPOINT one; SELECT jobstream.enqueue('dropped'); ROLLBACK TO one;
    SAVEPOINT two; SELECT jobstream.enqueue('kept'); RELEASE two; COMMIT`);
  expect(await waiting()).toMatchObject([{ type: 'kept' }, { type: 'kept' }]);
});

test('a refusal names the field and leaves the transaction as any error does', async () => {
  await using app = await connect();
  await app.query('BEGIN');
  const refused = app.query(`SELECT jobstream.enqueue('email', NULL, '{"maxAttempts": 0}')`);
  await expect(refused).rejects.toMatchObject({
    message: 'jobstream: maxAttempts must be an integer from 1 to 1000',
    code: '22023',
    column: 'maxAttempts',
  });
  expect((await app.query('COMMIT')).command).toBe('ROLLBACK');
});

test.each([
  ['{"by": "payload"}', 'unique.by must be an array'],
  ['{"by": []}', 'unique.by must have 1 to 16 paths'],
  [
    '{"by": ["to"]}',
    'unique.by must be "tenant", "type", "payload", or paths into the payload such as "payload.userId"',
  ],
  ['{"by": ["payload.to"]}', 'unique.by must name what the payload has, unlike "payload.to"'],
  ['{"by": ["type"], "forMs": 999}', 'unique.forMs must be an integer from 1000 to 2592000000'],
  ['{"by": ["type"], "forMs": 1000, "while": "waiting"}', 'unique.forMs must not be given together with while'],
  ['{"by": ["type"], "while": "running"}', 'unique.while must be "waiting" or "unfinished"'],
  ['{"by": ["type"], "key": "a"}', 'unique.key is not known here'],
])('a rule of a unique job that the API would refuse is refused: %s', async (rule, message) => {
  const refused = queryDatabase(url, `SELECT jobstream.enqueue('email', '{}', '{"unique": ${rule}}')`);
  await expect(refused).rejects.toThrow(`jobstream: ${message}`);
  expect(await waiting()).toEqual([]);
});

test('ids are UUIDs of version 7 with the time in them', async () => {
  const before = Date.now() - 1_000;
  const rows = await queryDatabase<{ id: string }>(
    url,
    "SELECT jobstream.enqueue('email') AS id FROM generate_series(1, 20)",
  );
  for (const { id } of rows) {
    expect(id).toMatch(UUID_V7);
    expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBeGreaterThan(before);
  }
  expect(new Set(rows.map(({ id }) => id)).size).toBe(20);
});

test('a key gives the same id again, and is stored as a digest', async () => {
  const enqueue = `SELECT jobstream.enqueue('email', NULL, '{"idempotencyKey": "order-1"}') AS id`;
  const [first] = await queryDatabase<{ id: string }>(url, enqueue);
  expect(await queryDatabase(url, enqueue)).toEqual([first]);
  expect(JSON.stringify(await waiting())).not.toContain('order-1');
});

test('many jobs are enqueued at once, with ids in their order', async () => {
  const jobs = [{ type: 'email', payload: 1 }, { type: 'sms', tags: ['a'], idempotencyKey: 'k' }, { type: 'email' }];
  const enqueue = 'SELECT id FROM jobstream.enqueue_many($1) AS id';
  const ids = await queryDatabase<{ id: string }>(url, enqueue, [JSON.stringify(jobs)]);
  const rows = await waiting();
  expect(rows.map(({ id }) => id)).toEqual(ids.map(({ id }) => id));
  expect(rows).toMatchObject([
    { type: 'email', payload: 1, options: null },
    { type: 'sms', payload: null, options: { tags: ['a'] } },
    { type: 'email', payload: null },
  ]);
});

test.each([
  ['{}', 'jobs must be an array'],
  ['[1]', 'jobs[0] must be an object with a type'],
  ['[{"type": "email"}, {"payload": 1}]', 'jobs[1] must be an object with a type'],
  ['[{"type": "email", "delay": 1}]', 'delay is not known here'],
])('many jobs that are not such are refused: %s', async (jobs, message) => {
  await expect(queryDatabase(url, 'SELECT jobstream.enqueue_many($1)', [jobs])).rejects.toThrow(
    `jobstream: ${message}`,
  );
  expect(await waiting()).toEqual([]);
});

describe('a role of its own', () => {
  const role = `app_${randomUUID().replaceAll('-', '')}`;
  const asRole = () => {
    const address = new URL(url);
    [address.username, address.password] = [role, 'secret'];
    return address.href;
  };
  beforeAll(() => queryDatabase(url, `CREATE ROLE ${role} LOGIN PASSWORD 'secret'`));
  afterEach(() => queryDatabase(url, `DROP OWNED BY ${role}`));
  afterAll(() => queryDatabase(url, `DROP ROLE ${role}`));

  test('may call nothing before it is granted, and then see nothing', async () => {
    await using app = await connect(asRole());
    await expect(app.query("SELECT jobstream.enqueue('email')")).rejects.toThrow(
      'permission denied for function enqueue',
    );
    await queryDatabase(url, `GRANT EXECUTE ON FUNCTION jobstream.enqueue TO ${role}`);
    await app.query("SELECT jobstream.enqueue('email')");
    for (const table of ['outbox_0', 'outbox_rejected', 'tenants', 'versions']) {
      await expect(app.query(`SELECT FROM jobstream.${table}`)).rejects.toThrow('permission denied for table');
    }
    await expect(app.query("SELECT jobstream.check_job('email', NULL, '{}')")).rejects.toThrow('permission denied');
    expect(await waiting()).toHaveLength(1);
  });

  test('cannot put functions of its own into those that run with the rights of the owner', async () => {
    await queryDatabase(
      url,
      `GRANT EXECUTE ON FUNCTION jobstream.enqueue TO ${role}; GRANT CREATE ON SCHEMA public TO ${role}`,
    );
    await using app = await connect(asRole());
    await app.query(`CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT 1 / 0; SELECT now() $$;
      CREATE TEMPORARY TABLE tenants (role name, tenant text); SET search_path = pg_temp, public, pg_catalog;
      SET standard_conforming_strings = off`);
    await app.query(`SELECT jobstream.enqueue('email', NULL, '{"idempotencyKey": "k"}')`);
    expect(await waiting()).toHaveLength(1);
  });

  test('has the tenant of the table, whatever it sets', async () => {
    await queryDatabase(
      url,
      `GRANT EXECUTE ON FUNCTION jobstream.enqueue TO ${role};
      INSERT INTO jobstream.tenants VALUES ('${role}', 'acme')`,
    );
    await using app = await connect(asRole());
    await app.query(`SET jobstream.tenant = 'other'`);
    const { rows } = await app.query<{ id: string }>(
      `SELECT jobstream.enqueue('email', NULL, '{"idempotencyKey": "k"}') AS id`,
    );
    expect(await waiting()).toMatchObject([{ tenant: 'acme', id: rows[0]?.id }]);
    const [other] = await queryDatabase(
      url,
      `SELECT jobstream.enqueue('email', NULL, '{"idempotencyKey": "k"}') AS id`,
    );
    expect(other).not.toEqual(rows[0]);
  });

  test('has its tenant through a pooler, whoever else uses it', async (context) => {
    await using pooler = await startPgbouncer([url, asRole()], 1);
    if (pooler === undefined) return context.skip();
    await queryDatabase(
      url,
      `GRANT EXECUTE ON FUNCTION jobstream.enqueue TO ${role};
      INSERT INTO jobstream.tenants VALUES ('${role}', 'acme')`,
    );
    const enqueueAs = (address: string, tag: string) =>
      queryDatabase(pooler.through(address), `SELECT jobstream.enqueue('email', NULL, '{"tags": ["${tag}"]}')`);
    for (const tag of ['a', 'b']) await enqueueAs(tag === 'a' ? asRole() : url, tag);
    expect(await waiting()).toMatchObject([
      { tenant: 'acme', options: { tags: ['a'] } },
      { tenant: null, options: { tags: ['b'] } },
    ]);
  });
});
