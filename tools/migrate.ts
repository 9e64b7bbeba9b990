import { migrate } from '@jobstream/readmodel';

/** Brings the tables of `DATABASE_URL` up to this release; an embedded database is migrated by each start. */
async function main(): Promise<void> {
  const url = process.env['DATABASE_URL'];
  if (!url) throw new Error('DATABASE_URL is not set: it names the database to migrate.');
  await migrate(url);
  console.log('The database is up to date.');
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
