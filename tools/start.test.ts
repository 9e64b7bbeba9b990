import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { eventually, freePort } from '@jobstream/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identify, isRunning, runCommand } from '@jobstream/servers';
import type { ProcessIdentity } from '@jobstream/servers';

interface Run {
  child: ChildProcess;
  output: () => string;
  exitCode: Promise<number | null>;
}

let dataDir: string;
let runs: Run[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(os.tmpdir(), 'jobstream-start-'));
  await chmod(dataDir, 0o755);
});
afterEach(async () => {
  for (const { child, exitCode } of runs) {
    child.kill('SIGTERM');
    await exitCode;
  }
  runs = [];
  await rm(dataDir, { recursive: true, force: true });
});

function start(env: NodeJS.ProcessEnv = {}): Run {
  const settings = { ...process.env, DATA_DIR: dataDir, NATS_URL: undefined, DATABASE_URL: undefined, ...env };
  const args = [path.join(import.meta.dirname, 'start.ts')];
  const child = spawn(process.execPath, args, { env: settings, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)));
  const run = { child, output: () => output, exitCode: once(child, 'close').then(([code]) => code as number | null) };
  runs.push(run);
  return run;
}

async function apiUrl(run: Run): Promise<string> {
  return eventually(
    () => {
      const url = /ready: (http:\S+)/.exec(run.output())?.[1];
      if (url === undefined) throw new Error(run.output());
      return url;
    },
    { timeoutMs: 60_000 },
  );
}

/** The processes that a run has started, with their command lines. */
async function childrenOf(pid: number | undefined): Promise<(ProcessIdentity & { command: string })[]> {
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

async function isCompleted(url: string, id: string): Promise<void> {
  await eventually(
    async () => {
      const job = await (await fetch(`${url}/api/jobs/${id}`)).json();
      expect(job).toMatchObject({ status: 'completed', attempt: 1 });
    },
    { timeoutMs: 60_000 },
  );
}

test('a job completes, and is still there after a stop and a start', { timeout: 120_000 }, async () => {
  const run = start();
  const url = await apiUrl(run);
  const id = await createJob(url);
  await isCompleted(url, id);
  const children = await childrenOf(run.child.pid);
  expect(children.length).toBeGreaterThanOrEqual(6);
  run.child.kill('SIGTERM');
  expect(await run.exitCode).toBe(0);
  expect(children.filter((child) => isRunning(child))).toEqual([]);

  await rm(path.join(dataDir, 'postgres'), { recursive: true });
  await isCompleted(await apiUrl(start()), id);
});

test(
  'a kill -9 of an app, of a server and of the supervisor leaves a system that goes on',
  { timeout: 120_000 },
  async () => {
    const run = start();
    const url = await apiUrl(run);
    const children = await childrenOf(run.child.pid);
    for (const name of ['worker', 'nats', 'postgres']) {
      const victim = children.find(({ command }) => command.includes(name === 'worker' ? 'apps/worker' : `/${name}/`));
      if (victim === undefined) throw new Error(`no ${name} among ${JSON.stringify(children)}`);
      process.kill(victim.pid, 'SIGKILL');
      await eventually(() => expect(run.output()).toMatch(`${name} ended (SIGKILL); starting it again in 0.5 s`));
      await eventually(() => expect(run.output()).toMatch(`${name} runs again`), { timeoutMs: 60_000 });
    }
    const id = await eventually(() => createJob(url));
    await isCompleted(url, id);

    const left = await childrenOf(run.child.pid);
    run.child.kill('SIGKILL');
    await run.exitCode;
    await eventually(() => expect(left.filter((child) => isRunning(child))).toEqual([]), { timeoutMs: 60_000 });
    await isCompleted(await apiUrl(start()), id);
  },
);

test(
  'a second instance on the same data is refused, and one on other data finds ports',
  { timeout: 120_000 },
  async () => {
    const first = start();
    const url = await apiUrl(first);
    const second = start();
    expect(await second.exitCode).toBe(1);
    expect(second.output()).toContain(`is in use by process ${first.child.pid}: stop that one first.`);
    const third = start({ DATA_DIR: path.join(dataDir, 'other') });
    // Which of the usual ports are free depends on what else runs; what the first one has is not.
    expect(await apiUrl(third)).not.toBe(url);
  },
);

test.each([
  ['a NATS_URL that is none', { NATS_URL: 'garbage' }, /^expected NATS_URL to be .+, got: garbage\n$/],
  [
    'a NATS server that is away',
    { NATS_URL: 'nats://127.0.0.1:1' },
    /^NATS_URL=nats:\/\/127\.0\.0\.1:1 cannot be reached: .+\.\n$/,
  ],
  ['a misspelt setting', { JOBSTREAM_PROT: '1' }, /^unknown setting JOBSTREAM_PROT\n$/],
])('%s is one clear sentence and exit code 1', async (_what, env, sentence) => {
  const run = start({ ...env, PORT: String(await freePort()) });
  expect(await run.exitCode).toBe(1);
  expect(run.output()).toMatch(sentence);
});

test('a PORT that is taken is an error, because somebody asked for it', async () => {
  const port = await freePort();
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const run = start({ PORT: String(port) });
  expect(await run.exitCode).toBe(1);
  expect(run.output()).toBe(`PORT=${port} is taken by another program: choose another one or leave it out.\n`);
  other.close();
});
