import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtProgram, eventually, startNats, TestProcess } from '@jobstream/test-support';
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { TestLog } from '../../testing/testLog.ts';
import { silentLogger } from '../handler/logger.ts';
import { logBeside } from './loopWatchdog.ts';

const nats = await startNats();
const log = await TestLog.open(nats.url);
const registry = await log.eventLog.announcements.openRegistry();
const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-blocked-'));
afterAll(async () => {
  await log[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const script = fileURLToPath(new URL('../../testing/blockedWorker.ts', import.meta.url));
const NAMED = 'the event loop has been blocked for';
const RUNS_AGAIN = 'the event loop was blocked, and runs again';

let types = 0;

/** Starts a worker with a job type of its own: what a test leaves undone is offered to no other. */
function startWorker(env: NodeJS.ProcessEnv, program = script) {
  const jobType = `block-${++types}`;
  const options = { env: { NATS_URL: nats.url, ...env }, args: [jobType], ipc: false };
  return { worker: TestProcess.node(program, options), jobType };
}

async function startBlocked(env: NodeJS.ProcessEnv = {}, program = script) {
  const { worker, jobType } = startWorker(env, program);
  await worker.logged('ready');
  const until = path.join(folder, `${worker.pid}`);
  const { jobId } = await log.create(jobType, { payload: { until } });
  const goOn = () => writeFile(until, '');
  const lineOf = (msg: string) => worker.lines.find((line) => line.msg.startsWith(msg));
  return { worker, jobType, jobId, goOn, lineOf };
}

test('an event loop that a handler blocks is named while it is blocked, with the job, and announced when it runs again', async () => {
  const { worker, jobType, jobId, goOn, lineOf } = await startBlocked({ ACK_WAIT_MS: '600000' });
  await using _process = worker;
  const runs = [{ jobId, jobType, attempt: 1 }];
  await worker.wrote(NAMED);
  expect(lineOf(NAMED)).toMatchObject({ level: 'warn', blockedMs: expect.any(Number) as number, runCount: 1, runs });
  expect(worker.stderr).toBe('');
  await worker.matched(/blocked for (?!1 )\d+ s/, 240_000);
  expect(worker.output).not.toContain(RUNS_AGAIN);
  await goOn();
  await worker.logged(RUNS_AGAIN);
  expect(lineOf(RUNS_AGAIN)).toMatchObject({ runs });
  await log.until(jobId, 'completed');
  const { at: completedAt = '' } = (await log.history(jobId)).at(-1) ?? {};
  await eventually(() => {
    const [block, ...others] =
      registry.workers().find(({ worker: name }) => name.includes(`-${worker.pid}-`))?.blocked ?? [];
    expect(others).toEqual([]);
    expect(block?.jobs).toEqual([{ jobId, type: jobType, attempt: 1 }]);
    expect(block?.durationMs).toBeGreaterThan(4_000);
    expect(Date.parse(block?.since ?? '')).toBeLessThan(Date.parse(completedAt));
  });
});

test('a worker in a bundle has it as well', async () => {
  const { worker, jobId } = await startBlocked({}, builtProgram(script));
  await using _process = worker;
  await worker.wrote(NAMED);
  expect(worker.output).toContain(jobId);
});

test('a process that dies meanwhile has named it in its output', async () => {
  const { worker, jobId } = await startBlocked();
  await using _process = worker;
  await worker.wrote(NAMED);
  worker.kill('SIGKILL');
  await worker.ended;
  expect(worker.output).toContain(jobId);
});

test('with LOOP_WATCHDOG=false nothing watches the loop', async () => {
  const { worker, jobId, goOn } = await startBlocked({ LOOP_WATCHDOG: 'false', LOG_LEVEL: 'debug' });
  await using _process = worker;
  await worker.logged('started');
  // Longer than a loop may be blocked elsewhere.
  const end = performance.now() + 1_500;
  while (performance.now() < end);
  await goOn();
  await log.until(jobId, 'completed');
  worker.kill('SIGTERM');
  await worker.ended;
  expect(worker.output).not.toContain('event loop');
});

test('a signal ends a worker with a watchdog, and its thread with it', async () => {
  const { worker } = startWorker({});
  await using _process = worker;
  await worker.logged('ready');
  worker.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
  expect(worker.output).toContain('stopped');
  expect(worker.output).not.toContain('kept the process alive');
});

test('lines of the thread fit those of the logger, and there are none where it writes no warnings', () => {
  const destination = { write: () => undefined };
  expect(logBeside(pino({ base: { service: 'shop' } }, destination), 1)).toEqual({
    fd: 1,
    level: 40,
    fields: { service: 'shop' },
  });
  expect(logBeside(pino({ level: 'error' }, destination))).toBeUndefined();
  expect(logBeside(silentLogger)).toBeUndefined();
  expect(logBeside({ ...silentLogger })).toEqual({ fd: 2, level: 'warn' });
});
