import type { ClientBase } from 'pg';
import type { ComparedSchemas } from './compareJobs.ts';
import { differenceOf } from './difference.ts';
import type { Difference, DifferenceRow } from './difference.ts';
import { differencesStatement } from './difference.ts';
import { expiredCondition } from '../statistics/statisticsPeriod.ts';

/** The reported differences of the statistics and of the quarantined messages. */
const MAX_REPORTED = 1_000;
const STATISTICS_COLUMNS = ['created', 'completed', 'failed', 'retried', 'run_times', 'wait_times'];
/** Without `quarantined_at`, which is not in the log. */
const MESSAGE_COLUMNS = ['sequence', 'subject', 'reason', 'body', 'recorded_at', 'job_id'];

/** Also the name in `except` that allows statistics to differ. */
const STATISTICS = 'job_statistics';

/** Compares all tables but `jobs` in both schemas, in the snapshot of the client's transaction. */
export async function compareRest(
  client: ClientBase,
  { live, second, except }: ComparedSchemas,
): Promise<readonly Difference[]> {
  const counts = await compareCounts(client, live, second);
  const statistics = except.includes(STATISTICS) ? [] : await compareStatistics(client, live, second);
  return [...counts, ...statistics, ...(await compareMessages(client, live, second))];
}

/** Compares `job_counts` alone, which takes little time. A count of 0 equals a missing row. */
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

/** Leaves out rows that expire within the hour, since the two sets may delete them at different times. */
async function compareStatistics(client: ClientBase, live: string, second: string): Promise<readonly Difference[]> {
  const [left = '', right = ''] = [live, second].map((schema) => {
    const key = `concat_ws(' ', resolution, to_char(starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'), type,
      nullif(tenant, '')) AS period`;
    const table = `${client.escapeIdentifier(schema)}.${STATISTICS}`;
    return `SELECT ${key}, ${STATISTICS_COLUMNS.join(', ')} FROM ${table} WHERE NOT ${expiredCondition(-1)}`;
  });
  const compared = { live: left, log: right, key: 'period', columns: ['period', ...STATISTICS_COLUMNS] };
  const { rows } = await client.query<DifferenceRow>(differencesStatement(compared, MAX_REPORTED));
  return rows.map((row) => differenceOf(STATISTICS, row));
}

async function compareMessages(client: ClientBase, live: string, second: string): Promise<readonly Difference[]> {
  const [left = '', right = ''] = [live, second].map((schema) => {
    return `SELECT ${MESSAGE_COLUMNS.join(', ')} FROM ${client.escapeIdentifier(schema)}.quarantined_messages`;
  });
  const compared = { live: left, log: right, key: 'sequence', columns: MESSAGE_COLUMNS };
  const { rows } = await client.query<DifferenceRow>(differencesStatement(compared, MAX_REPORTED));
  return rows.map((row) => differenceOf('quarantined_messages', row));
}
