import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import * as openTelemetry from '@opentelemetry/api';
import { defineJob } from '@jobstream/client';
import { eventually, freePort, startNats, TestProcess } from '@jobstream/test-support';
import { Registry } from 'prom-client';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { TestLog } from '../testing/testLog.ts';
import { silentLogger } from './handler/logger.ts';
import { lineLogger } from './options/lineLogger.ts';
import { VERSION } from './announcing/workerIdentity.ts';
import { createWorker, UnrecoverableError, WorkerOptionsError, type Worker, type WorkerOptions } from './index.ts';

const nats = await startNats();
const log = await TestLog.open(nats.url);
afterAll(async () => {
  await log[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

let types = 0;

/** A job type of its own for each test, since they share a server. */
const doubling = () =>
  defineJob(`double-${++types}`, { payload: z.object({ n: z.int() }), result: z.object({ twice: z.int() }) });

function workerOf(options: WorkerOptions = {}): Worker {
  const worker = createWorker({ natsUrl: nats.url, shutdownGraceMs: 0, ...options });
  onTestFinished(() => worker.stop());
  return worker;
}

test('a worker runs the jobs of the types that it handles, and writes nothing unless it has a logger', async () => {
  const double = doubling();
  const worker = workerOf().handle(double, ({ n }) => ({ twice: n * 2 }));
  await worker.start();
  const { jobId } = await log.create(double.type, { payload: { n: 21 } });
  await log.until(jobId, 'completed');
  expect((await log.eventLog.readJob(jobId))?.job.result).toEqual({ twice: 42 });
});

test('each attempt says the release of the program that the worker was given', async () => {
  const double = doubling();
  await workerOf({ version: '2.4.0' })
    .handle(double, ({ n }) => ({ twice: n * 2 }))
    .start();
  const { jobId } = await log.create(double.type, { payload: { n: 21 } });
  await log.until(jobId, 'completed');
  expect((await log.eventLog.readJob(jobId))?.job.workerVersion).toBe('2.4.0');
});

test('a handler needs a definition: the name of a type is none', () => {
  const name = 'double' as unknown as ReturnType<typeof doubling>;
  expect(() => workerOf().handle(name, () => ({ twice: 2 }))).toThrow(
    'expected a definition that defineJob has made, got: "double"',
  );
});

test('a payload that does not match the definition fails the job at once', async () => {
  const double = doubling();
  await workerOf()
    .handle(double, ({ n }) => ({ twice: n * 2 }))
    .start();
  const { jobId } = await log.create(double.type, { payload: { n: 'many' } });
  await log.until(jobId, 'failed');
  expect((await log.eventLog.readJob(jobId))?.job).toMatchObject({ attempt: 1, error: { code: 'INVALID_PAYLOAD' } });
});

test('a handler is rejected when its type has one already, and after the start', async () => {
  const double = doubling();
  const worker = workerOf().handle(double, ({ n }) => ({ twice: n }));
  expect(() => worker.handle(double, ({ n }) => ({ twice: n }))).toThrow(/two handlers are registered/);
  await worker.start();
  expect(() => worker.handle(doubling(), ({ n }) => ({ twice: n }))).toThrow(/after the worker started/);
});

test('starting and stopping can each be repeated, and a worker that never started can be stopped', async () => {
  const worker = workerOf();
  await Promise.all([worker.start(), worker.start()]);
  await Promise.all([worker.stop(), worker.stop()]);
  await worker.stop();
  await expect(workerOf().stop()).resolves.toBeUndefined();
});

test('a worker whose server is not there fails to start with the address, but not the password', async () => {
  const worker = workerOf({ natsUrl: 'nats://worker:secret@127.0.0.1:9' });
  await expect(worker.start()).rejects.toThrow(
    'NATS at nats://127.0.0.1:9 cannot be reached: the connection was refused. Start it, or correct NATS_URL.',
  );
  await worker.stop();
});

test('the password in the address of its server reaches no line that a worker logs', async () => {
  const lines: string[] = [];
  const logger = lineLogger({ level: 'debug', write: (line) => lines.push(line) });
  const double = doubling();
  const worker = workerOf({ natsUrl: nats.url.replace('//', '//worker:hidden-password@'), logger });
  await worker.handle(double, ({ n }) => ({ twice: n })).start();
  await worker.stop();
  expect(lines.join('\n')).toContain(new URL(nats.url).host);
  expect(lines.join('\n')).not.toContain('hidden-password');
});

test.each([true, false])('with errorStacks %s the log has the stacks of errors or not', async (errorStacks) => {
  const double = doubling();
  await workerOf({ errorStacks })
    .handle(double, () => Promise.reject(new UnrecoverableError('no')))
    .start();
  const { jobId } = await log.create(double.type, { payload: { n: 1 } });
  await log.until(jobId, 'failed');
  const { stack } = (await log.eventLog.readJob(jobId))?.job.error ?? {};
  expect(stack === undefined).toBe(!errorStacks);
});

const errorLine = (msg: string) => ({ level: 'error', time: expect.any(String) as string, msg });

const createMistaken = () =>
  createWorker({ natsUrl: 'http://user:secret@host', concurrency: 0, ackWaitMs: 1.5, maxClockSkewMs: -1 });

test('a worker that could not start leaves nothing open: another one gets its port for probes', async () => {
  const healthPort = await freePort();
  await expect(workerOf({ natsUrl: 'nats://127.0.0.1:1', healthPort }).start()).rejects.toThrow('127.0.0.1:1');
  await expect(workerOf({ healthPort }).start()).resolves.toBeUndefined();
});

test('a worker whose port for probes is taken does not start', async () => {
  const healthPort = await freePort();
  await workerOf({ healthPort }).start();
  await expect(workerOf({ healthPort }).start()).rejects.toThrow('EADDRINUSE');
});

test('a worker on a server without the streams of Jobstream fails to start with what to do', async () => {
  await using empty = await startNats();
  await expect(workerOf({ natsUrl: empty.url }).start()).rejects.toThrow(
    'stream JOBS is missing on this NATS server: start the API of Jobstream first',
  );
});

test('a worker uses the streams with the settings that they have', async () => {
  await using own = await startNats();
  await using ownLog = await TestLog.open(own.url, { maxAgeMs: 7_200_000 });
  const double = doubling();
  const worker = workerOf({ natsUrl: own.url }).handle(double, ({ n }) => ({ twice: n * 2 }));
  await worker.start();
  const { jobId } = await ownLog.create(double.type, { payload: { n: 1 } });
  await ownLog.until(jobId, 'completed');
  expect((await ownLog.eventLog.readJob(jobId))?.job.result).toEqual({ twice: 2 });
  await worker.stop();
});

test('mistakes in options are named all at once', () => {
  expect(createMistaken).toThrow(WorkerOptionsError);
  expect(createMistaken).toThrow(
    [
      'expected natsUrl to be a URL such as nats://127.0.0.1:4222, got: http://***@host',
      'expected concurrency to be an integer from 1 to 10000, got: 0',
      'expected ackWaitMs to be an integer from 500 to 3600000, got: 1.5',
      'expected maxClockSkewMs to be a duration such as 90s, 12h or 30d, or 0, got: -1',
    ].join('\n'),
  );
});

test('attempts are measured in a registry of the caller', async () => {
  const metrics = new Registry();
  const double = doubling();
  const worker = workerOf({ metrics }).handle(double, () => {
    throw new UnrecoverableError('no');
  });
  await worker.start();
  const { jobId } = await log.create(double.type, { payload: { n: 1 } });
  await log.until(jobId, 'failed');
  await worker.stop();
  expect(await metrics.metrics()).toContain(`jobstream_attempts_total{type="${double.type}",outcome="failed"} 1`);
});

test('with a port for probes, a worker answers whether it lives and accepts jobs, and shows its metrics', async () => {
  const healthPort = await freePort();
  const metrics = new Registry();
  const worker = workerOf({ healthPort, metrics }).handle(doubling(), ({ n }) => ({ twice: n }));
  const ask = async (route: string) => {
    const response = await fetch(`http://127.0.0.1:${healthPort}${route}`);
    return { status: response.status, body: await response.text() };
  };
  await worker.start();
  expect(await ask('/health/live')).toEqual({ status: 200, body: '{"status":"live"}' });
  expect(await ask('/health/ready')).toEqual({ status: 200, body: '{"status":"ready"}' });
  expect((await ask('/metrics')).body).toContain('jobstream_attempts_total');
  expect((await ask('/other')).status).toBe(404);
  await worker.stop();
  await expect(ask('/health/live')).rejects.toThrow('fetch failed');
});

test('while the server is away, a worker lives but is not ready', async () => {
  await using own = await startNats();
  await using _ownLog = await TestLog.open(own.url);
  const healthPort = await freePort();
  await workerOf({ natsUrl: own.url, healthPort }).start();
  await own.kill('SIGKILL');
  const statusOf = async (route: string) => (await fetch(`http://127.0.0.1:${healthPort}${route}`)).status;
  await eventually(async () => expect(await statusOf('/health/ready')).toBe(503));
  expect(await statusOf('/health/live')).toBe(200);
});

test('while the clock of the machine differs too much from that of the server, a worker is not ready, and shows by how much', async () => {
  const healthPort = await freePort();
  const metrics = new Registry();
  await workerOf({ healthPort, metrics, maxClockSkewMs: 60_000 }).start();
  const ask = (route: string) => fetch(`http://127.0.0.1:${healthPort}${route}`);
  expect((await ask('/health/ready')).status).toBe(200);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
  onTestFinished(() => void vi.useRealTimers());
  expect((await ask('/health/ready')).status).toBe(503);
  const offset = /^jobstream_clock_offset_seconds (.*)$/m.exec(await (await ask('/metrics')).text())?.[1];
  expect(Math.round(Number(offset) / 60)).toBe(60);
});

test('with the OpenTelemetry API of the host, handlers run in a span of their own', async () => {
  const double = doubling();
  const seen: (string | undefined)[] = [];
  const worker = workerOf({ tracing: openTelemetry }).handle(double, ({ n }, { traceparent }) => {
    seen.push(traceparent);
    return { twice: n };
  });
  await worker.start();
  const { jobId } = await log.create(double.type, { payload: { n: 1 } });
  await log.until(jobId, 'completed');
  // Without a tracer provider the API's own spans have the invalid id.
  expect(seen).toEqual([`00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`]);
});

const script = fileURLToPath(new URL('../testing/ownWorker.ts', import.meta.url));

test('run() says that it is ready, releases what runs at SIGTERM without using up an attempt, and returns', async () => {
  const env = { NATS_URL: nats.url, SHUTDOWN_GRACE_MS: '0', LOG_LEVEL: 'debug' };
  await using worker = TestProcess.node(script, { env, ipc: false });
  await worker.logged('ready');
  const { jobId } = await log.create('nap', { payload: { ms: 600_000 } });
  await worker.logged('started');
  worker.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
  expect(worker.output).toContain('run() has returned');
  expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobReleased 1']);
  // That of the package which has the script.
  expect((await log.eventLog.readJob(jobId))?.job.workerVersion).toBe(VERSION);
});

test('run() without NATS says so in one line, and gives the stack at debug alone', async () => {
  const NATS_URL = `nats://worker:secret@127.0.0.1:${await freePort()}`;
  const address = NATS_URL.replace('worker:secret@', '');
  const msg = `NATS at ${address} cannot be reached: the connection was refused. Start it, or correct NATS_URL.`;
  await using worker = TestProcess.node(script, { env: { NATS_URL }, ipc: false });
  expect(await worker.ended).toBe(1);
  expect(worker.stderr).toBe('');
  expect(worker.lines).toEqual([
    expect.objectContaining({ msg: 'connecting to NATS' }),
    errorLine(msg),
    { msg: 'run() has returned' },
  ]);
  await using debugged = TestProcess.node(script, { env: { NATS_URL, LOG_LEVEL: 'debug' }, ipc: false });
  expect(await debugged.ended).toBe(1);
  expect(debugged.lines.at(-2)).toMatchObject({ level: 'debug', err: { message: msg, stack: expect.any(String) } });
});

test('so does run() with a server that does not answer, which does not keep the process alive', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const NATS_URL = `nats://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  await using worker = TestProcess.node(script, { env: { NATS_URL }, ipc: false });
  expect(await worker.ended).toBe(1);
  expect(worker.lines).toEqual([
    expect.objectContaining({ msg: 'connecting to NATS' }),
    errorLine(`NATS at ${NATS_URL} cannot be reached: it does not answer. Start it, or correct NATS_URL.`),
    { msg: 'run() has returned' },
  ]);
});

test('so does run() on a server without the streams', async () => {
  await using empty = await startNats();
  await using worker = TestProcess.node(script, { env: { NATS_URL: empty.url }, ipc: false });
  expect(await worker.ended).toBe(1);
  expect(worker.stderr).toBe('');
  expect(worker.output).toMatch(/stream JOBS is missing on this NATS server: start the API of Jobstream first"\}\n/);
});

test('run() of a worker with mistakes in its environment is a line for each, without a stack, and exit code 2', async () => {
  const env = { WORKER_CONCURRENCY: 'many', HEALTH_PORT: '-1' };
  await using worker = TestProcess.node(script, { env, ipc: false });
  expect(await worker.ended).toBe(2);
  expect(worker.stderr).toBe('');
  expect(worker.lines).toEqual([
    errorLine('expected WORKER_CONCURRENCY to be an integer from 1 to 10000, got: many'),
    errorLine('expected HEALTH_PORT to be an integer from 0 to 65535, got: -1'),
    { msg: 'run() has returned' },
  ]);
});

test('start() of such a worker rejects with the same sentence', async () => {
  vi.stubEnv('WORKER_CONCURRENCY', 'many');
  onTestFinished(() => void vi.unstubAllEnvs());
  const starting = workerOf().start();
  await expect(starting).rejects.toThrow(WorkerOptionsError);
  await expect(starting).rejects.toThrow('expected WORKER_CONCURRENCY to be an integer from 1 to 10000, got: many');
});

test('a misspelt setting is warned of, and so is a level that does not exist', async () => {
  const env = { NATS_URL: nats.url, WORKER_CONCURENCY: '4', LOG_LEVEL: 'verbose' };
  await using worker = TestProcess.node(script, { env, ipc: false });
  await worker.logged('ready');
  expect(worker.lines.slice(0, 2)).toMatchObject([
    {
      level: 'warn',
      msg: 'expected LOG_LEVEL to be one of trace, debug, info, warn, error, fatal, silent, got: verbose. Lines from info on are logged.',
    },
    { level: 'warn', msg: 'WORKER_CONCURENCY is not a setting and has no effect: is WORKER_CONCURRENCY meant?' },
  ]);
});

test('start() tells its logger of a misspelt setting', async () => {
  vi.stubEnv('WORKER_CONCURENCY', '4');
  onTestFinished(() => void vi.unstubAllEnvs());
  const warn = vi.fn<() => void>();
  await workerOf({ logger: { ...silentLogger, warn } }).start();
  expect(warn).toHaveBeenCalledWith(
    'WORKER_CONCURENCY is not a setting and has no effect: is WORKER_CONCURRENCY meant?',
  );
});
