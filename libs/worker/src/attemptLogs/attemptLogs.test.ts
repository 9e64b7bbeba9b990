import { randomUUID } from 'node:crypto';
import { defineJob } from '@jobstream/client';
import type { AttemptLogLine, EventLog } from '@jobstream/eventlog';
import { eventually, startNats, startTcpProxy } from '@jobstream/test-support';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { TestLog } from '../../testing/testLog.ts';
import { createWorker, type JobContext, type WorkerOptions } from '../index.ts';
import { lineLogger } from '../options/lineLogger.ts';
import { MAX_RUN_BYTES } from './attemptLog.ts';

const nats = await startNats();
const logsRetention = { maxAgeMs: 86_400_000, maxBytes: 67_108_864 };
const log = await TestLog.open(nats.url, { logsRetention });
afterAll(async () => {
  await log[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

async function startLogging(run: (ctx: JobContext) => unknown, options: WorkerOptions = {}) {
  const definition = defineJob(`logging-${randomUUID().slice(0, 8)}`, { payload: z.unknown() });
  const written: string[] = [];
  const logger = lineLogger({ level: 'debug', write: (line) => written.push(line) });
  const worker = createWorker({ natsUrl: nats.url, ackWaitMs: 60_000, shutdownGraceMs: 0, logger, ...options });
  onTestFinished(() => worker.stop());
  worker.handle(definition, (_payload, ctx) => run(ctx));
  await worker.start();
  return { worker, written, create: async (fields = {}) => (await log.create(definition.type, fields)).jobId };
}

async function linesOf(jobId: string, attempt = 1, eventLog: EventLog = log.eventLog): Promise<AttemptLogLine[]> {
  const { lines } = await eventLog.attemptLogs.read({ jobId, attempt, since: Date.now() - 120_000, limit: 5_000 });
  return lines.map(({ line }) => line);
}

const runsOf = async (jobId: string) =>
  (await log.history(jobId)).flatMap(({ event, id }) => (event === 'JobStarted' ? [id] : []));

test('what a handler logs is kept for its attempt, beside what its worker writes', async () => {
  const { create, written } = await startLogging(({ log: ctxLog, attempt }) => {
    const child = ctxLog.child({ order: 7 });
    child.info({ attempt, ratio: 0.5, list: [1, 2], none: undefined }, 'paid');
    ctxLog.debug('below the level');
    ctxLog.warn('almost over');
    if (attempt === 1) throw new Error('again');
  });
  const jobId = await create({ backoff: { type: 'fixed', delayMs: 0 } });
  await log.until(jobId, 'completed');
  await eventually(async () => expect(await linesOf(jobId, 2)).toHaveLength(2));
  const [firstRun, secondRun] = await runsOf(jobId);
  const time = expect.stringMatching(/^\d{4}-.*Z$/) as string;
  const fields = { order: 7, ratio: 0.5, list: [1, 2] };
  expect(await linesOf(jobId)).toEqual([
    { time, level: 'info', message: 'paid', fields: { ...fields, attempt: 1 }, runId: firstRun },
    { time, level: 'warn', message: 'almost over', runId: firstRun },
  ]);
  expect(await linesOf(jobId, 2)).toMatchObject([{ fields: { ...fields, attempt: 2 }, runId: secondRun }, {}]);
  expect(written.filter((line) => line.includes('"paid"'))).toHaveLength(2);
  expect((await log.story(jobId)).filter((event) => !event.startsWith('Job'))).toEqual([]);
});

test('secrets are not kept, wherever they are and however they are written', async () => {
  const { create } = await startLogging(({ log: ctxLog }) => {
    ctxLog.child({ token: 'hunter2' }).info({ Password: 'hunter2', user: { cookie: 'hunter2', name: 'Ann' } }, 'in');
    ctxLog.error({ req: { headers: [{ Authorization: 'hunter2' }] }, payload: { card: 'hunter2' } }, 'out');
  });
  const jobId = await create();
  await eventually(async () => expect(await linesOf(jobId)).toHaveLength(2));
  const lines = await linesOf(jobId);
  expect(JSON.stringify(lines)).not.toContain('hunter2');
  expect(lines).toMatchObject([
    { fields: { token: '[Redacted]', Password: '[Redacted]', user: { cookie: '[Redacted]', name: 'Ann' } } },
    { fields: { req: { headers: [{ Authorization: '[Redacted]' }] }, payload: '[Redacted]' } },
  ]);
});

test('a handler that logs a gigabyte is cut at the limit of an attempt and told so, and its job completes', async () => {
  const kilobyte = 'x'.repeat(1_024);
  const lines = 1_048_576;
  // Without a logger, so that the gigabyte is not written twice.
  const { create } = await startLogging(
    ({ log: ctxLog }) => {
      for (let count = 0; count < lines; count += 1) ctxLog.info({ count }, kilobyte);
    },
    { logger: lineLogger({ level: 'silent', write: () => undefined }) },
  );
  const jobId = await create();
  await log.until(jobId, 'completed');
  await eventually(async () => expect((await linesOf(jobId)).at(-1)?.message).toMatch(/^lines .*not kept/));
  const kept = await linesOf(jobId);
  const whole = kept.slice(0, -2);
  expect(whole.map(({ fields }) => fields?.['count'])).toEqual(whole.map((_line, index) => index));
  expect(whole.length).toBeGreaterThan(50);
  expect(Buffer.byteLength(JSON.stringify(whole.map(({ message }) => message)))).toBeLessThan(MAX_RUN_BYTES);
  expect(kept.slice(-2)).toMatchObject([
    { level: 'warn', message: expect.stringContaining('65536 bytes') as string },
    { level: 'warn', message: `lines of this attempt that were not kept: ${lines - whole.length}` },
  ]);
});

test('one line is cut, and a line that cannot be written says so, without an error in the handler', async () => {
  const { create } = await startLogging(
    ({ log: ctxLog }) => {
      const circle: Record<string, unknown> = {};
      circle['circle'] = circle;
      ctxLog.info('y'.repeat(100_000));
      ctxLog.info({ big: Array.from({ length: 10_000 }, () => 'z') }, 'too many');
      ctxLog.info({ circle }, 'round');
      ctxLog.info(new RangeError('wrong'));
      ctxLog.info({ count: 7n, when: new Date(0) }, 'odd');
    },
    { logger: lineLogger({ level: 'silent', write: () => undefined }) },
  );
  const jobId = await create();
  await eventually(async () => expect(await linesOf(jobId)).toHaveLength(5));
  const [long, many, round, thrown, odd] = await linesOf(jobId);
  expect(long?.message.length).toBeLessThan(9_000);
  expect(many?.fields).toEqual({ tooLarge: true });
  expect(round?.fields?.['unwritable']).toContain('circular');
  expect(thrown).toMatchObject({ message: 'wrong', fields: { err: { name: 'RangeError', message: 'wrong' } } });
  expect(odd?.fields).toEqual({ count: '7', when: '1970-01-01T00:00:00.000Z' });
});

test.each([true, false])(
  'with errorStacks %j, errors in lines are kept with or without their stacks',
  async (errorStacks) => {
    const { create } = await startLogging(
      ({ log: ctxLog }) => {
        const cause = new Error('inner');
        ctxLog.child({ bound: cause }).error({ err: new RangeError('outer', { cause }), nested: { cause } }, 'thrown');
        ctxLog.error(cause);
      },
      { errorStacks },
    );
    const jobId = await create();
    await eventually(async () => expect(await linesOf(jobId)).toHaveLength(2));
    const [thrown, bare] = await linesOf(jobId);
    const inner = { name: 'Error', message: 'inner' };
    expect(thrown?.fields).toMatchObject({
      bound: inner,
      nested: { cause: inner },
      err: { message: 'outer', cause: inner },
    });
    expect(bare?.fields).toMatchObject({ err: inner });
    expect(JSON.stringify([thrown, bare]).includes('"stack"')).toBe(errorStacks);
  },
);

test('lines can be read while the attempt runs', async () => {
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  const { create } = await startLogging(async ({ log: ctxLog }) => {
    ctxLog.info('first');
    await goOn;
    ctxLog.info('second');
  });
  const jobId = await create();
  await eventually(async () => expect((await linesOf(jobId)).map(({ message }) => message)).toEqual(['first']));
  resolve();
  await eventually(async () => expect(await linesOf(jobId)).toHaveLength(2));
});

test('a run that was released keeps its lines beside those of the next run of the attempt', async () => {
  const { create, worker } = await startLogging(({ log: ctxLog, signal }) => {
    ctxLog.info('one');
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  });
  const jobId = await create();
  await eventually(async () => expect(await linesOf(jobId)).toHaveLength(1));
  await worker.stop();
  const type = (await log.eventLog.readJob(jobId))?.job.type ?? '';
  const next = createWorker({ natsUrl: nats.url, ackWaitMs: 60_000 });
  onTestFinished(() => next.stop());
  next.handle(defineJob(type, { payload: z.unknown() }), (_payload, ctx) => ctx.log.info('two'));
  await next.start();
  await eventually(async () => expect((await linesOf(jobId)).map(({ message }) => message)).toEqual(['one', 'two']));
  expect((await linesOf(jobId)).map(({ runId }) => runId)).toEqual(await runsOf(jobId));
});

test('a lost connection fails no job, and lines that were written meanwhile arrive', async () => {
  await using proxy = await startTcpProxy(nats.port);
  const connection = { isLost: Promise.withResolvers<void>(), hasLogged: Promise.withResolvers<void>() };
  const run = async ({ log: ctxLog }: JobContext) => {
    ctxLog.info('before');
    await connection.isLost.promise;
    ctxLog.info('during');
    connection.hasLogged.resolve();
  };
  const { create } = await startLogging(run, { natsUrl: `nats://127.0.0.1:${proxy.port}` });
  const jobId = await create();
  await eventually(async () => expect(await linesOf(jobId)).toHaveLength(1));
  await proxy.cut();
  connection.isLost.resolve();
  await connection.hasLogged.promise;
  await proxy.heal();
  await log.until(jobId, 'completed');
  expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
  await eventually(async () => expect((await linesOf(jobId)).at(-1)?.message).toBe('during'));
});

test('with attemptLogs off, and where the stream is missing, jobs run and nothing is kept', async () => {
  const { create } = await startLogging(({ log: ctxLog }) => ctxLog.info('unseen'), { attemptLogs: 'off' });
  const jobId = await create();
  await log.until(jobId, 'completed');
  await using bare = await startNats();
  await using bareLog = await TestLog.open(bare.url);
  const { worker, written } = await startLogging(() => 1, { natsUrl: bare.url });
  expect(written.some((line) => line.includes('stream LOGS is missing'))).toBe(true);
  await worker.stop();
  expect(bareLog.eventLog.isConnected()).toBe(true);
  expect(await linesOf(jobId)).toEqual([]);
});
