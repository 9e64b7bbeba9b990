import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { identify, isRunning, runCommand } from '@jobstream/servers';
import type { ProcessIdentity } from '@jobstream/servers';
import { builtProgram, eventually, freePort, TestProcess } from '@jobstream/test-support';
import { afterEach, beforeEach, expect, test } from 'vitest';

const SOURCES = path.join(import.meta.dirname, 'start.ts');

let dataDir: string;
let runs: TestProcess[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(os.tmpdir(), 'jobstream-start-'));
  await chmod(dataDir, 0o755);
});
afterEach(async () => {
  for (const run of runs) {
    run.kill('SIGTERM');
    await run.ended;
  }
  runs = [];
  await rm(dataDir, { recursive: true, force: true });
});

/** From bundles, with a third of the CPU time, but for what is told to run the sources. */
function start(env: NodeJS.ProcessEnv = {}, program = builtProgram(SOURCES)): TestProcess {
  const settings = {
    ...process.env,
    DASHBOARD: 'false',
    DATA_DIR: dataDir,
    NATS_URL: undefined,
    DATABASE_URL: undefined,
    ...env,
  };
  const run = TestProcess.node(program, { env: settings, ipc: false });
  runs.push(run);
  return run;
}

async function apiUrl(run: TestProcess): Promise<string> {
  return eventually(() => {
    const url = /ready: (http:\S+)/.exec(run.output)?.[1];
    if (url === undefined) throw new Error(run.output);
    return url;
  });
}

/** The processes that a run has started, with their command lines. */
async function childrenOf(pid: number): Promise<(ProcessIdentity & { command: string })[]> {
  const lines = (await runCommand('ps', ['-eo', 'pid=,ppid=,args='])).split('\n');
  return lines.flatMap((line) => {
    const [, child, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    const identity = Number(parent) === pid ? identify(Number(child)) : undefined;
    return identity === undefined || command.startsWith('ps ') ? [] : [{ ...identity, command }];
  });
}

async function createJob(url: string): Promise<string> {
  const body = JSON.stringify({ type: 'email', payload: { to: 'user@example.com' } });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/api/jobs`, { method: 'POST', headers, body });
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

/** Types the line that a run prints when it is ready. */
async function createWithCurl(run: TestProcess): Promise<string> {
  const [, line = ''] = await eventually(() => {
    const printed = /or with curl: (curl .+)/.exec(run.output);
    if (printed === null) throw new Error(run.output);
    return printed;
  });
  return (JSON.parse(await runCommand('sh', ['-c', line])) as { id: string }).id;
}

async function isCompleted(url: string, id: string): Promise<void> {
  await eventually(async () => {
    const job = await (await fetch(`${url}/api/jobs/${id}`)).json();
    expect(job).toMatchObject({ status: 'completed', attempt: 1 });
  });
}

test('a job survives a stop and a start; meanwhile a second system on the same data is refused, and one on other data finds ports', async () => {
  const run = start({}, SOURCES);
  const url = await apiUrl(run);
  const settings = JSON.parse(await readFile(path.join(dataDir, 'settings.json'), 'utf8')) as Record<string, string>;
  expect(settings).toEqual({ JOBS_MAX_AGE: '7d', ARCHIVE: path.join(dataDir, 'archive') });
  const second = start();
  const third = start({ DATA_DIR: path.join(dataDir, 'other') });
  expect(await second.ended).toBe(1);
  expect(second.output).toContain(`is in use by process ${run.pid}: stop that one first.`);
  const id = await createWithCurl(run);
  await isCompleted(url, id);
  // Which default ports are free depends on other processes; those of the first system are in use.
  expect(await apiUrl(third)).not.toBe(url);
  const children = await childrenOf(run.pid);
  expect(children.length).toBeGreaterThanOrEqual(6);
  run.kill('SIGTERM');
  expect(await run.ended).toBe(0);
  expect(children.filter((child) => isRunning(child))).toEqual([]);

  await rm(path.join(dataDir, 'postgres'), { recursive: true });
  await isCompleted(await apiUrl(start()), id);
});

test('a kill -9 of an app, of a server and of the supervisor leaves a system that goes on', async () => {
  const run = start();
  const url = await apiUrl(run);
  const children = await childrenOf(run.pid);
  for (const name of ['worker', 'nats', 'postgres']) {
    const victim = children.find(({ command }) => command.includes(name === 'worker' ? 'apps/worker' : `/${name}/`));
    if (victim === undefined) throw new Error(`no ${name} among ${JSON.stringify(children)}`);
    process.kill(victim.pid, 'SIGKILL');
    await eventually(() => expect(run.output).toMatch(`${name} ended (SIGKILL); starting it again in 0.5 s`));
    await eventually(() => expect(run.output).toMatch(`${name} runs again`));
  }
  const id = await eventually(() => createJob(url));
  await isCompleted(url, id);

  const left = await childrenOf(run.pid);
  run.kill('SIGKILL');
  await run.ended;
  await eventually(() => expect(left.filter((child) => isRunning(child))).toEqual([]));
  await isCompleted(await apiUrl(start()), id);
});

test.each([
  ['a NATS_URL that is none', { NATS_URL: 'garbage' }, /^expected NATS_URL to be .+, got: garbage\n$/],
  [
    'a NATS server that is away',
    { NATS_URL: 'nats://127.0.0.1:1' },
    /^NATS_URL=nats:\/\/127\.0\.0\.1:1 cannot be reached: .+\.\n$/,
  ],
  [
    'a data folder where nothing can be stored',
    { DATA_DIR: '/proc/x' },
    /^The data folder \/proc\/x cannot be used: ENOENT.+\. Name another with --data-dir or DATA_DIR\.\n$/,
  ],
  ['a misspelt setting', { JOBSTREAM_PROT: '1' }, /^unknown setting JOBSTREAM_PROT\n$/],
])('%s is one clear sentence and exit code 1', async (_what, env, sentence) => {
  const run = start({ ...env, PORT: String(await freePort()) });
  expect(await run.ended).toBe(1);
  expect(run.output).toMatch(sentence);
});

test('a start with a wrong database leaves the settings of the last start that could reach its servers', async () => {
  const settings = path.join(dataDir, 'settings.json');
  const env = { DATABASE_URL: 'postgres://jobs:secret@127.0.0.1:1/jobs', PORT: String(await freePort()) };
  const first = start(env);
  expect(await first.ended).toBe(1);
  expect(first.output).toMatch(
    /The database 127\.0\.0\.1:1\/jobs cannot be used: .+ Start it, or correct DATABASE_URL\.\n$/,
  );
  expect(existsSync(settings)).toBe(false);
  await writeFile(settings, '{"TABLE_MAX_AGE": "7d"}');
  const second = start(env);
  expect(await second.ended).toBe(1);
  expect(await readFile(settings, 'utf8')).toBe('{"TABLE_MAX_AGE": "7d"}');
});

test('a configured PORT that is in use is an error', async () => {
  const port = await freePort();
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const run = start({ PORT: String(port) });
  expect(await run.ended).toBe(1);
  expect(run.output).toBe(`PORT=${port} is taken by another program: choose another one or leave it out.\n`);
  other.close();
});
