import { migrate } from '@jobstream/readmodel';
import { createStreams } from './src/tasks/createStreams.ts';

/**
 * Brings the tables of `DATABASE_URL` up to this release, and creates the streams of `NATS_URL` where that is set: for
 * systems whose processes may not do either. An embedded database is migrated by each start.
 */
async function main(): Promise<void> {
  const url = process.env['DATABASE_URL'];
  if (!url) throw new Error('DATABASE_URL is not set: it names the database to migrate.');
  await migrate(url);
  console.log('The database is up to date.');
  if (!process.env['NATS_URL']) return;
  await createStreams(process.env);
  console.log('The streams are there.');
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
