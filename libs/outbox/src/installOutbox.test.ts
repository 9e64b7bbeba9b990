import { randomUUID } from 'node:crypto';
import { createDatabase, queryDatabase } from '@jobstream/test-support';
import { beforeEach, expect, test } from 'vitest';
import { OutboxRefusedError } from './errors.ts';
import { installOutbox, outboxStatus } from './installOutbox.ts';
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
  ]);
  await installOutbox(url, (line) => said.push(line));
  expect(said.slice(5)).toEqual(['version 4 of the outbox is installed already']);
});

test('an outbox of version 1 is brought to this release, and who may claim may put back', async () => {
  const role = `relay_${randomUUID().replaceAll('-', '')}`;
  await queryDatabase(
    url,
    `CREATE SCHEMA jobstream; CREATE TABLE jobstream.versions (number integer, installed_at timestamptz DEFAULT now());
    INSERT INTO jobstream.versions VALUES (1); ${outboxVersions()[0]?.sql};
    CREATE ROLE ${role}; GRANT EXECUTE ON FUNCTION jobstream.claim TO ${role}`,
  );
  await installOutbox(url);
  const mayPutBack = `SELECT has_function_privilege(proacl.grantee, oid, 'EXECUTE') AS may FROM pg_proc, aclexplode(proacl) AS proacl
    WHERE oid = 'jobstream.put_back'::regproc AND grantee = '${role}'::regrole`;
  expect(await queryDatabase(url, mayPutBack)).toEqual([{ may: true }]);
  await queryDatabase(url, `DROP OWNED BY ${role}; DROP ROLE ${role}`);
});

test('is installed once by two at the same time', async () => {
  await Promise.all([installOutbox(url), installOutbox(url)]);
  expect((await outboxStatus(url)).version).toBe(4);
});

test('a waiting job is counted, and keeps the outbox from being removed', async () => {
  await installOutbox(url);
  await enqueue(url);
  expect(await outboxStatus(url)).toMatchObject({ version: 4, waiting: 1, rejected: 0, oldest: expect.any(Date) });
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

test('a database in another encoding is refused', async () => {
  const name = `latin_${process.pid}`;
  await queryDatabase(url, `CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
  const latin = new URL(url);
  latin.pathname = `/${name}`;
  await expect(installOutbox(latin.href)).rejects.toThrow('expected a database in UTF8, got: LATIN1');
});

test('the SQL can be read before it is run', () => {
  expect(outboxSql()).toContain('CREATE FUNCTION jobstream.enqueue(');
  expect(outboxSql(4)).toBe('');
});
