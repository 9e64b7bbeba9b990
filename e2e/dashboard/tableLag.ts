import { Client } from 'pg';

/** Does something while nothing is written to the table of jobs, and everything is read. */
export async function whileTheTableLags<Result>(databaseUrl: string, work: () => Promise<Result>): Promise<Result> {
  const session = new Client({ connectionString: databaseUrl });
  await session.connect();
  try {
    await session.query('BEGIN; LOCK TABLE jobs IN EXCLUSIVE MODE');
    return await work();
  } finally {
    await session.end();
  }
}
