import { migrate } from '@jobstream/readmodel';
import { readCommandLine } from '@jobstream/runtime';
import { createStreams } from './src/system/createStreams.ts';

readCommandLine({
  command: 'npm run migrate',
  summary:
    'Brings the tables of DATABASE_URL up to this release, and creates the streams of NATS_URL if that is set.\n' +
    'For systems whose processes may not do either; an embedded database is migrated at each start.',
  environment: { DATABASE_URL: 'The database to migrate; required.', NATS_URL: 'The NATS server to prepare.' },
});

try {
  const url = process.env['DATABASE_URL'];
  if (!url) throw new Error('DATABASE_URL is not set: it names the database to migrate.');
  await migrate(url);
  console.log('The database is up to date.');
  if (process.env['NATS_URL']) {
    await createStreams(process.env);
    console.log('The streams are there.');
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
