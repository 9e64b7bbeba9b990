import { AuditLog, Verifications, type RequestedVerification } from '@jobstream/readmodel';
import { createLogger } from '@jobstream/runtime';
import { eventually, forEachTest } from '@jobstream/test-support';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendLife } from '../../testing/jobLoad.ts';
import { heldLog } from '../../testing/heldLog.ts';
import { projectorStage } from '../../testing/projectorStage.ts';
import { startProjector } from '../../testing/startProjector.ts';
import { VerificationRunner, type VerificationRunnerOptions } from './verificationRunner.ts';

const operator = { kind: 'user', id: 'operator' } as const;

const stage = forEachTest(projectorStage);
let verifications: Verifications;
let auditLog: AuditLog;

beforeEach(async () => {
  const { databaseUrl } = stage;
  verifications = new Verifications({ databaseUrl, name: 'test', queryMs: 30_000, pauseS: 0 });
  auditLog = new AuditLog({ databaseUrl, name: 'test', queryMs: 30_000 });
  await appendLife(stage.eventLog);
  await using _projector = await startProjector(stage);
  await stage.projectedAll();
});

afterEach(async () => {
  await verifications.stop();
  await auditLog.stop();
});

async function startRunner(change: Partial<VerificationRunnerOptions> = {}): Promise<AsyncDisposable> {
  const { eventLog, databaseUrl } = stage;
  const logger = createLogger({ service: 'test', level: 'silent' });
  const parts = { verifications, auditLog, eventLog, databaseUrl, logger, intervalMs: 20 };
  const runner = new VerificationRunner({ ...parts, ...change });
  await runner.start();
  return { [Symbol.asyncDispose]: () => runner.stop() };
}

function ended(id: string): Promise<RequestedVerification> {
  const lastOne = async () => {
    const { last } = await verifications.read();
    if (last?.id !== id) throw new Error(`not ended: ${JSON.stringify(await verifications.read())}`);
    return last;
  };
  return eventually(lastOne);
}

async function requested(): Promise<string> {
  const request = await verifications.request(operator);
  if (!('id' in request)) throw new Error('refused');
  return request.id;
}

test('a requested verification is run, and its figures are kept, also in the audit log', async () => {
  const id = await requested();
  await using _runner = await startRunner();
  expect(await ended(id)).toMatchObject({
    status: 'equal',
    requestedBy: operator,
    result: { position: 3, end: 3, jobs: 1, differences: 0, first: [], ignoredMessages: 0, unreadableJobs: 0 },
  });
  const { items } = await eventually(async () => {
    const page = await auditLog.list({ subjectId: id, limit: 5 });
    expect(page.items).toHaveLength(1);
    return page;
  });
  const details = { status: 'equal', position: 3, differences: 0 };
  expect(items).toMatchObject([{ action: 'verification.end', actor: operator, outcome: 'succeeded', details }]);
});

test('a table that differs is told with its first differences, and stays as it is', async () => {
  await stage.sql(`UPDATE jobs SET worker = 'changed'`);
  await using _runner = await startRunner();
  expect(await ended(await requested())).toMatchObject({
    status: 'differs',
    result: { differences: 1, first: [{ field: 'worker', live: 'changed' }] },
  });
  expect(await stage.sql('SELECT worker FROM jobs')).toEqual([{ worker: 'changed' }]);
});

test('two requests to two runners are one verification', async () => {
  const [first, second] = await Promise.all([requested(), requested()]);
  expect(second).toBe(first);
  await using _one = await startRunner();
  await using _other = await startRunner();
  await ended(first);
  expect(await stage.sql('SELECT status, runner IS NOT NULL AS claimed FROM verifications')).toEqual([
    { status: 'equal', claimed: true },
  ]);
});

test('another one cannot be requested right after the last', async () => {
  await using _runner = await startRunner();
  await ended(await requested());
  const patient = new Verifications({ databaseUrl: stage.databaseUrl, name: 'test', queryMs: 30_000, pauseS: 3_600 });
  const { retryAfterS = 0 } = (await patient.request(operator)) as { retryAfterS?: number };
  await patient.stop();
  expect(retryAfterS).toBeGreaterThan(3_000);
  expect((await verifications.read()).unfinished).toBeUndefined();
});

test('a verification whose process died is run by another runner, and one that stops leaves its own to others', async () => {
  const id = await requested();
  await verifications.claim('a process that is gone');
  await using log = heldLog(stage.eventLog);
  const { eventLog } = stage;
  const held = {
    follow: log.eventLog.follow,
    clock: eventLog.clock,
    lastSequence: () => eventLog.lastSequence(),
    readNext: () => Promise.resolve([]),
  };
  const stopped = await startRunner({ eventLog: held });
  await stage.sql(`UPDATE verifications SET updated_at = now() - interval '1 minute'`);
  await eventually(async () => expect((await verifications.read()).unfinished?.progress).not.toBeNull());
  await stopped[Symbol.asyncDispose]();
  expect((await verifications.read()).unfinished).toMatchObject({ id, status: 'running' });
  await using _runner = await startRunner();
  await stage.sql(`UPDATE verifications SET updated_at = now() - interval '1 minute'`);
  expect(await ended(id)).toMatchObject({ status: 'equal' });
});

test('a verification that fails has the reason in its result', async () => {
  await stage.sql('UPDATE projection_checkpoints SET last_sequence = 1000');
  await using _runner = await startRunner();
  const { status, result } = await ended(await requested());
  expect([status, result?.reason]).toEqual(['failed', expect.stringMatching(/the log was lost or replaced/u)]);
});
