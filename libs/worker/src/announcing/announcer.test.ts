import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { defineJob } from '@jobstream/client';
import { eventually, startNats } from '@jobstream/test-support';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { TestLog } from '../../testing/testLog.ts';
import { createWorker, type WorkerOptions } from '../index.ts';
import { handlerRegistry } from '../handler/jobHandler.ts';
import { silentLogger } from '../handler/logger.ts';
import { lineLogger } from '../options/lineLogger.ts';
import { Announcer, type AnnouncerOptions } from './announcer.ts';
import { VERSION, workerIdentity } from './workerIdentity.ts';

type Heartbeat = Parameters<AnnouncerOptions['eventLog']['announcements']['heartbeat']>[0];

const nats = await startNats();
const log = await TestLog.open(nats.url);
const registry = await log.eventLog.announcements.openRegistry();
afterAll(async () => {
  await log[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

let types = 0;
const newType = () => `nap-${++types}`;

/** Starts a worker with one job type of its own, whose handler ends when the test lets it. */
async function startNapping(options: WorkerOptions = {}, jobType = newType()) {
  const nap = defineJob(jobType, {
    payload: z.object({ ms: z.int().default(5) }),
    result: z.object({ slept: z.int() }),
    maxAttempts: 7,
    backoff: { type: 'fixed', delayMs: 50 },
    tags: ['naps'],
  });
  const { promise: awake, resolve: wake } = Promise.withResolvers<void>();
  const worker = createWorker({ natsUrl: nats.url, name: 'naps', version: '1.4.0', ...options });
  onTestFinished(() => worker.stop());
  worker.handle(nap, ({ ms }) => awake.then(() => ({ slept: ms })), { concurrency: 3 });
  await worker.start();
  return { worker, type: nap.type, wake };
}

const workerOf = (type: string) => registry.workers().find((worker) => worker.types.includes(type));

test('a worker announces its types with their schemas, limits and defaults, and that it lives', async () => {
  const { type } = await startNapping();
  await eventually(() => expect(registry.type(type)?.announcements).toHaveLength(1));
  expect(registry.type(type)?.announcements[0]).toMatchObject({
    live: true,
    name: 'naps',
    version: '1.4.0',
    payloadSchema: { type: 'object', properties: { ms: { type: 'integer', default: 5 } } },
    resultSchema: { required: ['slept'] },
    limits: { concurrency: 3 },
  });
  const defaults = { maxAttempts: 7, backoff: { type: 'fixed', delayMs: 50 } };
  expect(registry.type(type)?.announcements[0]?.defaults).toEqual(defaults);
  expect(registry.definition(type)).toMatchObject({ defaults });
  expect(registry.type(type)?.announcements[0]?.payloadSchema).not.toHaveProperty('required');
  expect(workerOf(type)).toMatchObject({
    live: true,
    pid: process.pid,
    name: 'naps',
    version: '1.4.0',
    runtime: expect.stringMatching(/^jobstream-worker\/\d+\.\d+\.\d+ node\/\d+\./) as string,
    types: [type],
    running: [],
  });
});

test('a worker announces which schedules its definitions name: that of the type where the definition gives it no name', async () => {
  const worker = createWorker({ natsUrl: nats.url });
  onTestFinished(() => worker.stop());
  const [unscheduled, unnamed, named] = [newType(), newType(), newType()];
  const payload = z.object({});
  const schedule = { cron: '@yearly', payload: {} };
  worker.handle(defineJob(unscheduled, { payload }), () => undefined);
  worker.handle(defineJob(unnamed, { payload, schedule }), () => undefined);
  worker.handle(defineJob(named, { payload, schedule: { ...schedule, name: 'yearly-nap' } }), () => undefined);
  await worker.start();
  const announced = () => [unscheduled, unnamed, named].map((type) => registry.type(type)?.announcements[0]);
  await eventually(() => expect(announced()).not.toContain(undefined));
  expect(announced().map((one) => one?.schedule)).toEqual([undefined, unnamed, 'yearly-nap']);
});

test('a worker announces which signals its types take, with their schemas as far as there is room for them', async () => {
  const worker = createWorker({ natsUrl: nats.url });
  onTestFinished(() => worker.stop());
  const large = z.enum(Array.from({ length: 2_500 }, (_, index) => `choice-${index}`));
  const jobType = newType();
  const without = newType();
  worker.handle(
    defineJob(jobType, {
      payload: large,
      result: large,
      signals: { approved: z.object({ by: z.string() }), first: large, second: large, third: large, at: z.date() },
    }),
    () => 'choice-1',
  );
  worker.handle(defineJob(without, { payload: z.object({}) }), () => undefined);
  await worker.start();
  const announced = () => [jobType, without].map((one) => registry.type(one)?.announcements[0]);
  await eventually(() => expect(announced()).not.toContain(undefined));
  const [one, other] = announced();
  const found = expect.objectContaining({ type: 'string' }) as object;
  expect(one?.signals).toMatchObject({ approved: { required: ['by'] }, first: found, second: null, at: null });
  expect(other).not.toHaveProperty('signals');
});

test('a heartbeat lists the runs in progress, and a worker that stops says so', async () => {
  const { worker, type, wake } = await startNapping();
  const { jobId } = await log.create(type);
  await eventually(() => expect(workerOf(type)?.running).toHaveLength(1));
  const { id: runId, at: startedAt } = (await log.history(jobId))[1] ?? {};
  expect(workerOf(type)).toMatchObject({
    runningCount: 1,
    running: [{ jobId, type, attempt: 1, runId, startedAt }],
  });
  const stopped = worker.stop();
  await eventually(() => expect(workerOf(type)?.stopping).toBe(true));
  wake();
  await stopped;
  expect((await log.story(jobId)).at(-1)).toBe('JobCompleted 1');
});

test('a worker that ends says when, and is gone at once', async () => {
  const { worker, type } = await startNapping();
  await eventually(() => expect(workerOf(type)?.live).toBe(true));
  expect(workerOf(type)).not.toHaveProperty('stoppedAt');
  await worker.stop();
  await eventually(() => expect(workerOf(type)).toHaveProperty('stoppedAt'));
  // Its last heartbeat would be valid for some seconds.
  expect(workerOf(type)).toMatchObject({ live: false, stoppedAt: expect.stringMatching(/Z$/) as string });
});

test('a worker that ends while its server is away ends all the same', async () => {
  await using own = await startNats();
  await using _log = await TestLog.open(own.url);
  const { worker } = await startNapping({ natsUrl: own.url });
  await own.kill('SIGKILL');
  await expect(worker.stop()).resolves.toBeUndefined();
});

test('a worker is known again after the server lost its connection', async () => {
  const { type } = await startNapping();
  await eventually(() => expect(workerOf(type)?.live).toBe(true));
  await log.eventLog.announcements.removeType(type);
  await eventually(() => expect(registry.type(type)).toBeUndefined());
  await nats.restart();
  await eventually(() => expect(registry.type(type)?.announcements).toHaveLength(1));
});

test.each([
  ['announcements', ['workers.*', 'types.*.*'], false],
  ['types alone', ['types.*.*'], true],
])(
  'a worker whose %s are refused works on, and logs it once; its heartbeats do not wait for its types',
  async (_what, deny, lives) => {
    const lines: string[] = [];
    const logger = lineLogger({ level: 'warn', write: (line) => lines.push(line) });
    const denied = `permissions: { publish: { deny: ${JSON.stringify(deny)} } }`;
    const users = `[{ user: w, password: p, ${denied} }, { user: api, password: p }]`;
    await using own = await startNats({ extraConfig: `authorization { users: ${users} }` });
    await using ownLog = await TestLog.open(own.url, { user: 'api', password: 'p', managesConsumers: {} });
    // The consumers are there because of another worker of the type: one with a user waits for them.
    const known = await ownLog.eventLog.announcements.openRegistry();
    const other = { worker: 'other', host: 'other', pid: 1, startedAt: new Date().toISOString() };
    const type = newType();
    await ownLog.eventLog.announcements.heartbeat({ ...other, types: [type], runningCount: 0, running: [] });
    const { wake } = await startNapping({ natsUrl: own.url, natsUser: 'w', natsPassword: 'p', logger }, type);
    wake();
    const { jobId } = await ownLog.create(type);
    await ownLog.until(jobId, 'completed');
    expect(lines.filter((line) => line.includes('announcing failed'))).toHaveLength(1);
    await eventually(() => expect(known.workers().some(({ name, live }) => name === 'naps' && live)).toBe(lives));
  },
);

/** An announcer of whose heartbeats each call of `store` stores one, and the listeners that it has for reconnections. */
function startAnnouncing() {
  const sent: Heartbeat[] = [];
  const listeners = new Set<() => void>();
  const pending: (() => void)[] = [];
  const heartbeat = async (one: Heartbeat) => {
    await new Promise<void>((resolve) => void pending.push(resolve));
    sent.push(one);
  };
  const store = () => pending.shift()?.();
  const announcements = { heartbeat };
  const onReconnected = (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const announcer = new Announcer({
    eventLog: { announcements, onReconnected, clock: { now: Date.now } } as unknown as AnnouncerOptions['eventLog'],
    identity: workerIdentity({ name: 'naps', version: undefined }),
    handlers: handlerRegistry([]),
    limitsOf: () => ({ concurrency: 1 }),
    ackWaitMs: 1_000,
    running: () => [],
    logger: silentLogger,
  });
  return { announcer, started: announcer.start(), sent, listeners, store };
}

test('a worker that leaves while a heartbeat is sent says so as soon as that is through', async () => {
  const { announcer, started, sent, store } = startAnnouncing();
  await turn(); // the first heartbeat is sent
  const left = announcer.leaving().then(() => sent.length);
  store();
  await turn(); // the second one is sent
  store();
  await Promise.all([started, announcer.stop()]);
  expect(await left).toBe(2);
  expect(sent.map(({ stopping }) => stopping)).toEqual([undefined, true]);
});

test('a worker that stops while a heartbeat is sent announces nothing at a reconnection any more', async () => {
  const { announcer, started, listeners, store } = startAnnouncing();
  await turn();
  expect(listeners.size).toBe(1);
  const stopped = announcer.stop();
  expect(listeners.size).toBe(0);
  store();
  await Promise.all([started, stopped]);
});

test('the version in announcements is that of the package', () => {
  const manifest = readFileSync(path.resolve(import.meta.dirname, '../../package.json'), 'utf8');
  expect(VERSION).toBe((JSON.parse(manifest) as { version: string }).version);
});
