import path from 'node:path';
import { JobstreamClient } from '@jobstream/client';
import { repositoryRoot, Guard } from '@jobstream/servers';
import { raiseCounter } from './src/demo/demoCounter.ts';
import { demoFailure } from './src/demo/demoFailure.ts';
import { demonstrate } from './src/demo/demonstrate.ts';
import { keyFor } from './src/demo/keyFor.ts';
import { onBootstrapGone } from './src/commandLine/onBootstrapGone.ts';
import { stopRequest } from './src/commandLine/stopRequest.ts';
import { System } from './src/system/system.ts';

const dataDir = path.join(path.resolve(repositoryRoot, process.env['DATA_DIR'] || '.data'), 'demo');
/** Whoever forgot to start the system wants to hear of it soon. */
const retryForMs = 2_000;

async function main(): Promise<void> {
  try {
    if (process.env['API_URL']) await show(process.env['API_URL']);
    else await showOwnSystem();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

async function show(url: string): Promise<void> {
  if (!URL.canParse(url)) throw new Error(`API_URL is not an address: ${url}`);
  const to = `test${raiseCounter(path.join(dataDir, 'counter'))}@example.com`;
  const { jobs } = new JobstreamClient({ url, retryForMs, credentials: keyFor(url, process.env) });
  try {
    await demonstrate({ jobs, to, write: (text) => process.stdout.write(text) });
  } catch (error) {
    throw demoFailure(error, url);
  }
}

async function showOwnSystem(): Promise<void> {
  const guard = new Guard();
  guard.start();
  const lines: string[] = [];
  const writeLine = (name: string, line: string) => void lines.push(`${name} | ${line}`);
  const appsFolder = path.join(repositoryRoot, 'apps');
  const env = { ...process.env, PORT: '0' };
  const system = new System({ dataDir, env, anyPort: true, appsFolder, guard, writeLine });
  const stop = stopRequest(() => process.exit(130)).then(() => Promise.reject(new Error('stopped')));
  onBootstrapGone(() => process.kill(process.pid, 'SIGTERM'));
  console.log('starting a system of its own on free ports');
  try {
    await Promise.race([system.start().then(() => show(system.apiUrl)), stop]);
  } catch (error) {
    for (const line of lines) console.error(line);
    throw error;
  } finally {
    await system.stop();
    await guard.stop();
  }
}

await main();
process.exit();
