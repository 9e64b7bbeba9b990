import path from 'node:path';
import { JobstreamClient } from '@jobstream/client';
import { readCommandLine } from '@jobstream/runtime';
import { repositoryRoot } from '@jobstream/servers';
import { runTool } from './src/commandLine/runTool.ts';
import type { ToolSurroundings } from './src/commandLine/runTool.ts';
import { demoFailure, demonstrate, raiseCounter } from './src/demo/demonstrate.ts';
import { keyFor } from './src/demo/keyFor.ts';
import { System } from './src/system/system.ts';

readCommandLine({
  command: 'npm run demo',
  summary: 'Creates a job and shows its events until it completes, on a system of its own or on the one of API_URL.',
  environment: {
    API_URL: 'The API of a running system to use.',
    API_KEY: 'The key for that API; default the one in .env, for an API on this machine.',
    DATA_DIR: 'The folder whose subfolder `demo` has the data; default .data.',
  },
});

const dataDir = path.join(path.resolve(repositoryRoot, process.env['DATA_DIR'] || '.data'), 'demo');
/** Short, so that a system that does not run is reported soon. */
const retryForMs = 2_000;

await runTool((tool) => (process.env['API_URL'] ? show(process.env['API_URL']) : showOwnSystem(tool)));

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

async function showOwnSystem({ guard, stopped }: ToolSurroundings): Promise<void> {
  const lines: string[] = [];
  const writeLine = (name: string, line: string) => void lines.push(`${name} | ${line}`);
  const env = { ...process.env, PORT: '0' };
  const system = new System({ dataDir, env, anyPort: true, guard, writeLine });
  console.log('starting a system of its own on free ports');
  try {
    const stop = stopped.then(() => Promise.reject(new Error('stopped')));
    await Promise.race([system.start().then(() => show(system.apiUrl)), stop]);
  } catch (error) {
    for (const line of lines) console.error(line);
    throw error;
  } finally {
    await system.stop();
  }
}
