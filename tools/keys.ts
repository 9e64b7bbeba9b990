import { ApiKeys } from '@jobstream/readmodel';
import { readCommandLine, readConfig, typedCommand, USAGE_EXIT_CODE, UsageError } from '@jobstream/runtime';
import { dataDirOf } from './src/commandLine/dataDir.ts';
import { reportFailure } from './src/commandLine/runTool.ts';
import { runningAddresses } from './src/system/runningAddresses.ts';
import { keysCommand, keysCommandLine } from './src/tasks/keysCommand.ts';

const { words, values } = readCommandLine(keysCommandLine);

try {
  const keys = new ApiKeys({ databaseUrl: databaseUrl(), name: 'keys', queryMs: 30_000 });
  const [print, explain] = [console.log, console.error];
  try {
    await keysCommand(words, values, { keys, given: process.env['API_KEY'], print, explain });
  } finally {
    await keys.stop();
  }
} catch (error) {
  reportFailure(error, error instanceof UsageError ? USAGE_EXIT_CODE : 2);
}

function databaseUrl(): string {
  const dataDir = dataDirOf(values);
  const url = process.env['DATABASE_URL'] || runningAddresses(dataDir, 'operator')?.['DATABASE_URL'];
  if (url !== undefined) return readConfig({ DATABASE_URL: url }).DATABASE_URL;
  throw new Error(`DATABASE_URL is not set, and no system runs on ${dataDir}: ${typedCommand('start')} starts one.`);
}
