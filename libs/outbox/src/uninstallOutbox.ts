import type { Client } from 'pg';
import { OutboxRefusedError } from './errors.ts';
import { installedVersion, oneAtATime } from './installOutbox.ts';
import { lockingBriefly } from './lockingBriefly.ts';
import { inTransaction } from './withClient.ts';

/** What may hold jobs; those of the last one were rejected. Earlier versions do not have all of them. */
const TABLES = ['outbox_0', 'outbox_1', 'outbox_2', 'outbox_3', 'outbox_deferred', 'outbox_rejected'];
const REJECTED = 'outbox_rejected';
const FIND = `SELECT relname::text AS name FROM pg_class
  WHERE relnamespace = 'jobstream'::regnamespace AND relkind = 'r' AND relname = ANY ($1) ORDER BY relname`;

/**
 * Removes the outbox with everything in it.
 *
 * @throws OutboxRefusedError when jobs wait or were rejected, unless `discard` is set, and while transactions are open that have
 * enqueued.
 */
export function uninstallOutbox(url: string, { discard = false } = {}): Promise<void> {
  return inTransaction(url, async (client) => {
    await oneAtATime(client);
    if ((await installedVersion(client)) === 0) return;
    const { rows } = await client.query<{ name: string }>(FIND, [TABLES]);
    const tables = rows.map(({ name }) => name);
    await lock(client, tables); // before they are counted, or a job that is committed in between would be dropped
    const waiting = await jobsIn(
      client,
      tables.filter((name) => name !== REJECTED),
    );
    const rejected = await jobsIn(client, [REJECTED]);
    if (!discard && waiting + rejected > 0) {
      throw new OutboxRefusedError(`the outbox has ${waiting} waiting and ${rejected} rejected jobs`);
    }
    await client.query('DROP SCHEMA jobstream CASCADE');
  });
}

function lock(client: Client, tables: readonly string[]): Promise<void> {
  const names = tables.map((name) => `jobstream.${name}`).join(', ');
  return lockingBriefly(client, `LOCK TABLE ${names} IN ACCESS EXCLUSIVE MODE`);
}

async function jobsIn(client: Client, tables: readonly string[]): Promise<number> {
  const counts = tables.map((name) => `(SELECT count(*) FROM jobstream.${name})`).join(' + ');
  const { rows } = await client.query<{ jobs: string }>(`SELECT ${counts} AS jobs`);
  return Number(rows[0]?.jobs ?? 0);
}
