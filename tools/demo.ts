import path from 'node:path';
import { JobstreamClient } from '@jobstream/client';
import { readCommandLine, USAGE_EXIT_CODE } from '@jobstream/runtime';
import { repositoryRoot } from '@jobstream/servers';
import { runTool } from './src/commandLine/runTool.ts';
import type { ToolSurroundings } from './src/commandLine/runTool.ts';
import { demoFailure, demonstrate, raiseCounter } from './src/demo/demonstrate.ts';
import { keyFor } from './src/demo/keyFor.ts';
import { populate } from './src/demo/shop/populate.ts';
import { ShopWorkers } from './src/demo/shop/shopWorkers.ts';
import { runningAddresses, runningApi } from './src/system/runningAddresses.ts';
import { System } from './src/system/system.ts';

const { values } = readCommandLine({
  command: 'npm run demo',
  summary:
    'Creates a job and shows its events until it completes, on a system of its own or on the one of API_URL.\n' +
    'With --populate: fills the system that `npm start` runs with an hour of a small shop, in about a minute.',
  options: {
    populate: { type: 'boolean', help: 'Fills the running system; see docs/dashboard.md.' },
    keep: { type: 'boolean', help: 'With --populate: the workers of the shop go on until Ctrl-C.' },
    seconds: {
      type: 'string',
      value: 'n',
      default: '60',
      help: 'With --populate: how long the hour takes; default 60.',
    },
    seed: {
      type: 'string',
      value: 'n',
      default: '1',
      help: 'With --populate: another number makes another hour; default 1.',
    },
  },
  environment: {
    API_URL: 'The API of a running system to use.',
    API_KEY: 'The key for that API; default the one in .env, for an API on this machine.',
    NATS_URL: 'With --populate and API_URL: the NATS server of that system, for the workers of the shop.',
    DATA_DIR: 'The data folder of the system to fill, or whose subfolder `demo` has the data; default .data.',
  },
});

const { seconds, seed } = { seconds: numberOf('seconds', 1), seed: numberOf('seed', 0) };
const rootDataDir = path.resolve(repositoryRoot, process.env['DATA_DIR'] || '.data');
const dataDir = path.join(rootDataDir, 'demo');
/** Short, so that a system that does not run is reported soon. */
const retryForMs = 2_000;
/** Long: a machine with much else to do is no reason to leave the hour unfinished. */
const populateRetryForMs = 60_000;

await runTool((tool) => {
  if (values.populate === true) return fill(tool);
  return process.env['API_URL'] ? show(process.env['API_URL']) : showOwnSystem(tool);
});

async function show(url: string): Promise<void> {
  if (!URL.canParse(url)) throw new Error(`API_URL is not an address: ${url}`);
  const to = `test${raiseCounter(path.join(dataDir, 'counter'))}@example.com`;
  const { jobs } = new JobstreamClient({ url, retryForMs, credentials: keyFor(url, process.env), jobWarnings: false });
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

async function fill({ guard, stopped }: ToolSurroundings): Promise<void> {
  const { url, env } = shopSettings();
  const client = new JobstreamClient({ url, credentials: keyFor(url, process.env), retryForMs: populateRetryForMs });
  const workers = new ShopWorkers({ env, guard, say });
  const stop = new AbortController();
  void stopped.then(() => stop.abort(new Error('stopped')));
  try {
    await workers.start();
    const deploy = workers.deploy.bind(workers);
    const run = Date.now().toString(36);
    await populate({ client, deploy, seconds, seed, run, say, signal: stop.signal });
    say(`look: ${url}/dashboard`);
    if (values.keep === true) {
      say('the workers go on until Ctrl-C');
      await stopped;
    }
  } catch (error) {
    if (!stop.signal.aborted) throw demoFailure(error, url);
  } finally {
    await workers.stop();
  }
}

function shopSettings() {
  const url = process.env['API_URL'] || runningApi(rootDataDir);
  const nats = process.env['NATS_URL']
    ? { NATS_URL: process.env['NATS_URL'] }
    : runningAddresses(rootDataDir, 'worker');
  if (url === undefined || nats === undefined) {
    throw new Error(
      `No system runs on ${rootDataDir}: run npm start in another terminal, or set API_URL and NATS_URL.`,
    );
  }
  return { url, env: { ...process.env, ...nats } };
}

function numberOf(option: 'seconds' | 'seed', least: number): number {
  const number = Number(values[option]);
  if (Number.isInteger(number) && number >= least) return number;
  console.error(`--${option} must be a whole number of at least ${least}, got: ${values[option]}`);
  process.exit(USAGE_EXIT_CODE);
}

function say(line: string): void {
  console.log(`${new Date().toTimeString().slice(0, 8)}  ${line}`);
}
