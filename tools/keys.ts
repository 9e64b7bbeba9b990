import path from 'node:path';
import { ApiKeys } from '@jobstream/readmodel';
import { repositoryRoot } from '@jobstream/servers';
import { embeddedDatabaseUrl } from './src/tasks/embeddedDatabaseUrl.ts';
import { keysCommand } from './src/tasks/keysCommand.ts';

/** Makes, adopts, lists and revokes API keys in `DATABASE_URL`, or in the embedded database of a running `npm start`. */
async function main(): Promise<void> {
  const keys = new ApiKeys({ databaseUrl: await databaseUrl(), name: 'keys' });
  try {
    const [print, explain] = [console.log, console.error];
    await keysCommand(process.argv.slice(2), { keys, given: process.env['API_KEY'], print, explain });
  } finally {
    await keys.stop();
  }
}

async function databaseUrl(): Promise<string> {
  const dataDir = path.resolve(repositoryRoot, process.env['DATA_DIR'] || '.data');
  const url = process.env['DATABASE_URL'] || (await embeddedDatabaseUrl(dataDir));
  if (url !== undefined) return url;
  throw new Error('DATABASE_URL is not set, and npm start does not run with an embedded database.');
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
