import { type Client, DatabaseError } from 'pg';
import { OutboxRefusedError } from './errors.ts';
import { countJobs, type OutboxCounts } from './countJobs.ts';
import { outboxVersions } from './outboxVersions.ts';
import { withClient } from './withClient.ts';

const OLDEST_POSTGRES = 140_000;
const DUPLICATE_SCHEMA = '42P06';

const FACTS = `SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,
  current_setting('server_version') AS name`;
const BEGINNING = `CREATE SCHEMA jobstream;
CREATE TABLE jobstream.versions (number integer PRIMARY KEY, installed_at timestamptz NOT NULL DEFAULT now());`;

/** What an outbox holds; `version` is 0 where none is installed, and then there is nothing else. */
export interface OutboxStatus extends OutboxCounts {
  readonly version: number;
}

/**
 * Installs the outbox into an application's database, or brings it to the version of this release, in one transaction: the
 * schema `jobstream` with tables and functions. The role of the URL owns them; it needs CREATE on the database.
 *
 * @param say is told each step before it is done.
 * @throws OutboxRefusedError when the database is too old, not in UTF-8, or has a schema `jobstream` that is not ours.
 */
export function installOutbox(url: string, say: (line: string) => void = () => {}): Promise<void> {
  return withClient(url, async (client) => {
    await assertUsable(client);
    await inTransaction(client, async () => {
      const installed = await installedVersion(client);
      if (installed === 0) await begin(client, say);
      const missing = outboxVersions().filter(({ number }) => number > installed);
      for (const { number, sql } of missing) {
        say(`version ${number} of the outbox: creates its tables and functions in the schema jobstream`);
        await client.query(sql);
        await client.query('INSERT INTO jobstream.versions (number) VALUES ($1)', [number]);
      }
      if (missing.length === 0) say(`version ${installed} of the outbox is installed already`);
    });
  });
}

/**
 * Removes the outbox with everything in it.
 *
 * @throws OutboxRefusedError when jobs wait or were rejected, unless `discard` is set.
 */
export function uninstallOutbox(url: string, { discard = false } = {}): Promise<void> {
  return withClient(url, (client) =>
    inTransaction(client, async () => {
      const { version, waiting, rejected } = await statusOf(client);
      if (version === 0) return;
      if (!discard && waiting + rejected > 0) {
        throw new OutboxRefusedError(`the outbox has ${waiting} waiting and ${rejected} rejected jobs`);
      }
      await client.query('DROP SCHEMA jobstream CASCADE');
    }),
  );
}

/** Reads what an outbox holds. */
export function outboxStatus(url: string): Promise<OutboxStatus> {
  return withClient(url, statusOf);
}

async function statusOf(client: Client): Promise<OutboxStatus> {
  const version = await installedVersion(client);
  if (version === 0) return { version, waiting: 0, rejected: 0, oldest: undefined, bytes: 0 };
  return { version, ...(await countJobs(client)) };
}

async function assertUsable(client: Client): Promise<void> {
  const { rows } = await client.query<{ version: number; encoding: string; name: string }>(FACTS);
  const { version = 0, encoding = '', name = '' } = rows[0] ?? {};
  if (version < OLDEST_POSTGRES) throw new OutboxRefusedError(`expected Postgres 14 or newer, got: ${name}`);
  if (encoding !== 'UTF8') throw new OutboxRefusedError(`expected a database in UTF8, got: ${encoding}`);
}

async function begin(client: Client, say: (line: string) => void): Promise<void> {
  say('creates the schema jobstream');
  try {
    await client.query(BEGINNING);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== DUPLICATE_SCHEMA) throw error;
    throw new OutboxRefusedError('the database has a schema jobstream that is not that of an outbox');
  }
}

async function installedVersion(client: Client): Promise<number> {
  const { rows: found } = await client.query<{ there: boolean }>(
    `SELECT to_regclass('jobstream.versions') IS NOT NULL AS there`,
  );
  if (found[0]?.there !== true) return 0;
  const { rows } = await client.query<{ number: number }>('SELECT max(number) AS number FROM jobstream.versions');
  return rows[0]?.number ?? 0;
}

/** Two installations at once are made one after the other. */
async function inTransaction(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query(`BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('jobstream outbox', 0))`);
  await work(); // closing the connection rolls back
  await client.query('COMMIT');
}
