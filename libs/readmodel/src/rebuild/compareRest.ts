import type { ClientBase } from 'pg';
import { differenceOf } from './difference.ts';
import type { Difference, DifferenceRow } from './difference.ts';
import { differencesStatement } from './differencesStatement.ts';

/** Of the messages in quarantine, so many that differ are reported. */
const MAX_MESSAGES = 1_000;
/** The time at which a message was put aside is not in the log. */
const MESSAGE_COLUMNS = ['sequence', 'subject', 'reason', 'body', 'recorded_at'];

/** Compares `job_counts` and `quarantined_messages` of both schemas, at the moment that the client's transaction sees. */
export async function compareRest(client: ClientBase, live: string, second: string): Promise<readonly Difference[]> {
  return [...(await compareCounts(client, live, second)), ...(await compareMessages(client, live, second))];
}

/** Compares `job_counts` alone, which takes next to no time. A count of 0 and none are the same. */
export async function compareCounts(client: ClientBase, live: string, second: string): Promise<readonly Difference[]> {
  const [left, right] = [live, second].map((schema) => `${client.escapeIdentifier(schema)}.job_counts`);
  const text = `SELECT concat_ws(' ', nullif(tenant, ''), type, status) AS key, coalesce(l.count, 0)::text AS live, coalesce(s.count, 0)::text AS log
    FROM ${left} l FULL JOIN ${right} s USING (tenant, type, status)
    WHERE coalesce(l.count, 0) <> coalesce(s.count, 0) ORDER BY tenant, type, status`;
  const { rows } = await client.query<Pick<Difference, 'key' | 'live' | 'log'>>(text);
  return rows.map(({ key, live: found, log }) => {
    return { table: 'job_counts', problem: 'different', field: 'count', key, live: found, log };
  });
}

async function compareMessages(client: ClientBase, live: string, second: string): Promise<readonly Difference[]> {
  const [left = '', right = ''] = [live, second].map((schema) => {
    return `SELECT ${MESSAGE_COLUMNS.join(', ')} FROM ${client.escapeIdentifier(schema)}.quarantined_messages`;
  });
  const compared = { live: left, log: right, key: 'sequence', columns: MESSAGE_COLUMNS };
  const { rows } = await client.query<DifferenceRow>(differencesStatement(compared, MAX_MESSAGES));
  return rows.map((row) => differenceOf('quarantined_messages', row));
}
