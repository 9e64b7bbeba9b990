import { migrate } from '@jobstream/readmodel';
import { readCommandLine, readConfig } from '@jobstream/runtime';
import { dataDirOf, dataDirOption, systemEnvironment } from './src/commandLine/dataDir.ts';
import { reportFailure } from './src/commandLine/runTool.ts';
import { createStreams } from './src/system/createStreams.ts';
import { runningAddresses } from './src/system/runningAddresses.ts';

const { values } = readCommandLine({
  command: 'npm run migrate',
  summary:
    'Brings the tables of DATABASE_URL up to this release, and creates the streams of NATS_URL if that is set.\n' +
    'For systems whose processes may not do either; an embedded database is migrated at each start.',
  options: dataDirOption,
  environment: systemEnvironment,
  examples: ['', '--data-dir /var/lib/jobstream'],
});

try {
  const env = systemToMigrate();
  await migrate(readConfig(env).DATABASE_URL);
  console.log('The database is up to date.');
  if (env['NATS_URL']) {
    await createStreams(env);
    console.log('The streams are there.');
  }
} catch (error) {
  reportFailure(error, 2);
}

/** Returns what the environment names, else the system that runs on the data folder. */
function systemToMigrate(): NodeJS.ProcessEnv {
  if (process.env['DATABASE_URL']) return process.env;
  const dataDir = dataDirOf(values);
  const running = runningAddresses(dataDir, 'migrate');
  if (running !== undefined) return { ...process.env, ...running };
  throw new Error(
    `DATABASE_URL is not set, and no system runs on ${dataDir}: an embedded one is migrated at its start.`,
  );
}
