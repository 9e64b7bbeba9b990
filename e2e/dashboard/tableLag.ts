import { Client } from 'pg';

/** Does something while nothing is written to the table of jobs, and everything is read. */
export async function whileTheTableLags(databaseUrl: string, work: () => Promise<void>): Promise<void> {
  const session = new Client({ connectionString: databaseUrl });
  await session.connect();
  try {
    await session.query('BEGIN; LOCK TABLE jobs IN EXCLUSIVE MODE');
    await work();
  } finally {
    await session.end();
  }
}
