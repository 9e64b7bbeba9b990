import { RebuildRequests } from '@jobstream/readmodel';
import type { RebuildStatus } from '@jobstream/readmodel';
import { createLogger } from '@jobstream/runtime';
import type { Logger } from '@jobstream/runtime';
import { eventually, forEachTest } from '@jobstream/test-support';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { heldLog } from '../../testing/heldLog.ts';
import { appendLife } from '../../testing/jobLoad.ts';
import { projectorStage } from '../../testing/projectorStage.ts';
import { startProjector } from '../../testing/startProjector.ts';
import { RebuildRunner } from './rebuildRunner.ts';
import type { RebuildRunnerOptions } from './rebuildRunner.ts';

const plain = { force: false, except: [] };

const stage = forEachTest(projectorStage);
let requests: RebuildRequests;

beforeEach(async () => {
  requests = new RebuildRequests({ databaseUrl: stage.databaseUrl, name: 'test', queryMs: 30_000 });
  await appendLife(stage.eventLog);
  await using _projector = await startProjector(stage);
  await stage.projectedAll();
});

afterEach(async () => {
  await requests.stop();
});

async function startRunner(change: Partial<RebuildRunnerOptions> = {}): Promise<AsyncDisposable> {
  const { eventLog, databaseUrl } = stage;
  const logger = createLogger({ service: 'test', level: 'silent' });
  const runner = new RebuildRunner({ requests, eventLog, databaseUrl, logger, intervalMs: 20, ...change });
  await runner.start();
  return { [Symbol.asyncDispose]: () => runner.stop() };
}

function becomes(status: RebuildStatus): Promise<unknown> {
  return eventually(async () => expect((await requests.read())?.status).toBe(status));
}

async function generation(): Promise<number | undefined> {
  return (await stage.sql<{ generation: number }>('SELECT generation FROM projection_checkpoints'))[0]?.generation;
}

test('a requested rebuild is run, and its result can be read', async () => {
  const { id, status, result } = await requests.request(plain);
  expect({ status, result }).toEqual({ status: 'requested', result: null });
  await using _runner = await startRunner();
  await becomes('completed');
  expect(await requests.read()).toMatchObject({ id, result: { jobs: 1, position: 3, differences: [] } });
  expect(await generation()).toBe(2);
});

test('two concurrent requests to two runners are one rebuild', async () => {
  await using _one = await startRunner();
  await using _other = await startRunner();
  const [first, second] = await Promise.all([requests.request(plain), requests.request(plain)]);
  expect(first.id).toBe(second.id);
  await becomes('completed');
  expect(await generation()).toBe(2);
});

test('tables that differ are not swapped, and the differences are reported', async () => {
  await stage.sql(`UPDATE jobs SET worker = 'changed'`);
  await using _runner = await startRunner();
  await requests.request(plain);
  await becomes('differs');
  expect((await requests.read())?.result?.differences).toMatchObject([{ field: 'worker', live: 'changed' }]);
  await requests.request({ ...plain, force: true });
  await becomes('completed');
});

test('a running rebuild can be cancelled, and leaves nothing behind', async () => {
  await using log = heldLog(stage.eventLog);
  await using _runner = await startRunner(log);
  await requests.request(plain);
  await becomes('running');
  await requests.cancel();
  await becomes('cancelled');
  expect(await stage.sql(`SELECT FROM pg_namespace WHERE nspname = 'jobstream_next'`)).toEqual([]);
  expect(await generation()).toBe(1);
});

test('a rebuild that has not begun is cancelled at once', async () => {
  await requests.request(plain);
  expect(await requests.cancel()).toMatchObject({ status: 'cancelled' });
});

test('a rebuild whose process died is continued by another runner', async () => {
  await requests.request(plain);
  await requests.claim('a process that is gone');
  await using _runner = await startRunner();
  await stage.sql(`UPDATE rebuild_requests SET updated_at = now() - interval '1 minute'`);
  await becomes('completed');
  expect((await requests.read())?.result).toMatchObject({ jobs: 1 });
});

test('a rebuild that fails has the reason in its result', async () => {
  await stage.sql('CREATE VIEW failures AS SELECT id FROM jobs');
  await using _runner = await startRunner();
  await requests.request(plain);
  await becomes('failed');
  expect((await requests.read())?.result?.reason).toMatch(/cannot be replaced/);
});

test('a rebuild whose end cannot be recorded is logged as an error, apart from requests that cannot be read', async () => {
  const logged: (readonly [level: string, message: string])[] = [];
  const log = (level: string) => (_fields: object, message: string) => void logged.push([level, message]);
  const logger = { debug: log('debug'), info: log('info'), error: log('error') } as unknown as Logger;
  const claim = (runner: string) => requests.claim(runner);
  await requests.request(plain);
  await using _runner = await startRunner({
    logger,
    requests: {
      claim,
      report: () => Promise.resolve('continue'),
      finish: () => Promise.reject(new Error('no connection')),
    },
  });
  await eventually(() => expect(logged.map(([level]) => level)).toContain('error'));
  expect(logged.filter(([level]) => level !== 'info')).toEqual([
    ['error', 'the end of the rebuild could not be recorded: a runner will run it again'],
  ]);
});

test('requests that cannot be read are logged at debug level', async () => {
  const levels: string[] = [];
  const logger = { debug: () => levels.push('debug'), warn: () => levels.push('warn') } as unknown as Logger;
  const failing = {
    report: () => Promise.resolve('lost' as const),
    finish: () => Promise.resolve(),
    claim: () => Promise.reject(new Error('no connection')),
  };
  await using _runner = await startRunner({ logger, requests: failing });
  await eventually(() => expect(levels).not.toEqual([]));
  expect(levels[0]).toBe('debug');
});
