import type { Pool } from 'pg';

const READ = {
  name: 'read_statistics_gap',
  text: 'SELECT max(incomplete_before) AS "incompleteBefore" FROM job_statistics_gaps',
};

/** Reads the time (RFC 3339) before which events may be missing from the statistics; undefined if none are. */
export async function readStatisticsGap(database: Pick<Pool, 'query'>): Promise<string | undefined> {
  const { rows } = await database.query<{ incompleteBefore: string | null }>(READ);
  return rows[0]?.incompleteBefore ?? undefined;
}
