import { type Client, DatabaseError } from 'pg';
import { OutboxRefusedError } from './errors.ts';
import { type Counted, countsOf, countStatement, CURRENT_VERSION, type OutboxCounts } from './countJobs.ts';
import { lockingBriefly } from './lockingBriefly.ts';
import { outboxVersions } from './outboxVersions.ts';
import { inTransaction, withClient } from './withClient.ts';

const OLDEST_POSTGRES = 140_000;
const DUPLICATE_SCHEMA = '42P06';

const FACTS = `SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,
  current_setting('server_version') AS name`;
const BEGINNING = `CREATE SCHEMA jobstream;
CREATE TABLE jobstream.versions (number integer PRIMARY KEY, installed_at timestamptz NOT NULL DEFAULT now());`;

/** Else an upgrade by a superuser would leave functions that run with its rights, and tables that the owner cannot see. */
const AS_OWNER = `SELECT set_config('role', pg_get_userbyid(nspowner), true) FROM pg_namespace WHERE nspname = 'jobstream'`;
/** The schema of a database that was made from `pg_dump --schema-only`, as frameworks keep it for tests. */
const COPIED =
  'the outbox was copied without its rows: remove it with DROP SCHEMA jobstream CASCADE, and install it again';

/** What an outbox holds; `version` is 0 where none is installed, and then there is nothing else. */
export interface OutboxStatus extends OutboxCounts {
  readonly version: number;
}

/**
 * Installs the outbox into an application's database, or brings it to the version of this release, in one transaction: the
 * schema `jobstream` with tables and functions. The role of the URL owns them; it needs CREATE on the database. An upgrade is done as
 * their owner, which the role of the URL has to be, or to be a member of.
 *
 * @param say is told each step before it is done.
 * @throws OutboxRefusedError when the database is too old, not in UTF-8, or has a schema `jobstream` that is not ours; and when an
 * earlier version is there and transactions are open that have enqueued.
 */
export function installOutbox(url: string, say: (line: string) => void = () => {}): Promise<void> {
  return inTransaction(url, async (client) => {
    await assertUsable(client);
    await oneAtATime(client);
    const installed = await installedVersion(client);
    if (installed === 0) await begin(client, say);
    else await client.query(AS_OWNER);
    const missing = outboxVersions().filter(({ number }) => number > installed);
    for (const { number, sql } of missing) {
      say(`version ${number} of the outbox: creates its tables and functions in the schema jobstream`);
      await lockingBriefly(client, sql);
      await client.query('INSERT INTO jobstream.versions (number) VALUES ($1)', [number]);
    }
    if (missing.length === 0) say(`version ${installed} of the outbox is installed already`);
  });
}

/** Reads what an outbox holds. */
export function outboxStatus(url: string): Promise<OutboxStatus> {
  return withClient(url, async (client) => {
    const version = await installedVersion(client);
    if (version === 0) return { version, ...countsOf(undefined) };
    const count = countStatement({ isCurrent: version >= CURRENT_VERSION, waits: true });
    return { version, ...countsOf((await client.query<Counted>(count)).rows[0]) };
  });
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

/**
 * The version of the outbox in a database, 0 where there is none.
 *
 * @throws OutboxRefusedError where there is one that does not say which.
 */
export async function installedVersion(client: Client): Promise<number> {
  const { rows: found } = await client.query<{ there: boolean }>(
    `SELECT to_regclass('jobstream.versions') IS NOT NULL AS there`,
  );
  if (found[0]?.there !== true) return 0;
  const { rows } = await client.query<{ number: number | null }>(
    'SELECT max(number) AS number FROM jobstream.versions',
  );
  const version = rows[0]?.number ?? null;
  if (version === null) throw new OutboxRefusedError(COPIED);
  return version;
}

/** Waits until no other transaction installs or removes an outbox in this database. */
export async function oneAtATime(client: Client): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('jobstream outbox', 0))`);
}
