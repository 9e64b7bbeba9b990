import { identityOfKey } from '@jobstream/creation';
import type { JobEvent } from '@jobstream/domain';
import { LogOverloadedError, LogUnavailableError } from '@jobstream/eventlog';
import { ReadModelUnavailableError } from '@jobstream/readmodel';
import { eventually } from '@jobstream/test-support';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RelayStage } from '../testing/relayStage.ts';
import { claimRoom } from './claimRoom.ts';

let stage: RelayStage;
beforeEach(async () => {
  stage = await RelayStage.open();
});
afterEach(() => stage[Symbol.asyncDispose]());

const enqueue = (jobs: number, type = 'email') =>
  stage.query('SELECT jobstream.enqueue($2, to_jsonb(i)) FROM generate_series(1, $1) AS i', [jobs, type]);
const deferred = () => stage.query('SELECT id, reason FROM jobstream.outbox_deferred ORDER BY reason');
const types = async () => (await stage.created()).map(({ jobType }) => jobType);
const isRelayed = (type: string) => eventually(async () => expect(await types()).toContain(type));

/** Two events that keep the creation of a job under these keys from being stored, and of which none can be made. */
async function poison(): Promise<void> {
  const jobType = 'email';
  const [forged, newer] = ['forged', 'newer'].map((key) => identityOfKey(key, {}).jobId);
  const started = {
    v: 1,
    id: 'x',
    event: 'JobStarted',
    jobId: forged,
    jobType,
    version: 2,
    at: new Date().toISOString(),
  };
  await stage.log.append({ ...started, actor: { kind: 'worker', id: 'x' }, data: {} } as unknown as JobEvent, 0);
  const created = { v: 2, event: 'JobCreated', jobId: newer, jobType, version: 1, data: {} };
  await stage.log.append(created as unknown as JobEvent, 0);
}

test('rows whose ids have messages of which no job can be made keep none of any table, and are reported', async () => {
  await poison();
  const rows: { id: string }[] = [];
  // In two tables, of which the inactive one has nothing else.
  for (const [table, key] of ['forged', 'newer'].entries()) {
    await stage.query(`SELECT setval('jobstream.outbox_active', ${table})`);
    rows.push({ id: await stage.enqueue('email', null, { idempotencyKey: key }) });
  }
  await enqueue(600);
  await using _ = await stage.startRelay();
  await stage.untilDrained();
  const [forged, newer] = rows;
  expect(await deferred()).toEqual([
    { id: newer?.id, reason: expect.stringContaining('was created by a newer release') },
    { id: forged?.id, reason: `job ${forged?.id} exists but cannot be read` },
  ]);
  expect((await types()).filter((type) => type === 'email').length).toBeGreaterThanOrEqual(600);
  await eventually(async () => expect(await stage.metrics.text()).toMatch(/outbox_deferred_jobs\{[^}]+\} 2/), {
    timeoutMs: 20_000,
  });
  // Drained tables are truncated.
  const sizes = 'SELECT sum(pg_relation_size(oid))::int AS bytes FROM pg_class WHERE relname ~ $1';
  await eventually(async () => expect(await stage.query(sizes, ['^outbox_[0]$'])).toEqual([{ bytes: 0 }]));
});

test('of a claim in which the log takes too few, those that it has taken leave, and the others stay in their table', async () => {
  let isFull = true;
  const log = stage.logWith(({ jobType }) => {
    return isFull && jobType === 'late' ? Promise.reject(new LogOverloadedError(1)) : undefined;
  });
  await enqueue(10, 'late');
  await enqueue(10);
  await using _ = await stage.startRelay({ log });
  const left = () => stage.query('SELECT DISTINCT type FROM jobstream.outbox_0');
  await eventually(async () => expect(await left()).toEqual([{ type: 'late' }]));
  expect((await types()).length).toBe(10);
  expect(await deferred()).toEqual([]);
  isFull = false;
  await stage.untilDrained();
  expect((await types()).length).toBe(20);
});

test('a row for which alone the log is unavailable is deferred once others were stored between its failures', async () => {
  const log = stage.logWith(({ jobType }) => {
    return jobType === 'forbidden' ? Promise.reject(new LogUnavailableError('no answer in time')) : undefined;
  });
  const id = await stage.enqueue('forbidden');
  await using _ = await stage.startRelay({ log });
  const enqueueUntilDeferred = async () => {
    await enqueue(1);
    expect(await deferred()).toEqual([{ id, reason: expect.stringContaining('no answer in time') }]);
  };
  await eventually(enqueueUntilDeferred, { intervalMs: 100 });
});

test('a row whose append has no outcome stays, and its claim does not wait for it', async () => {
  let isHanging = true;
  const hanging = Promise.withResolvers<number>();
  const log = stage.logWith(({ jobType }) => (isHanging && jobType === 'hanging' ? hanging.promise : undefined));
  await enqueue(1, 'hanging');
  await enqueue(10);
  await using _ = await stage.startRelay({ log, room: { ...claimRoom(1), mostMs: 1_000 } });
  using end = new DisposableStack();
  end.defer(() => hanging.reject(new LogUnavailableError('the test is over')));
  const left = () => stage.query('SELECT type FROM jobstream.outbox_0');
  await eventually(async () => expect(await left()).toEqual([{ type: 'hanging' }]));
  expect(await deferred()).toEqual([]);
  isHanging = false;
  await stage.untilDrained();
  expect((await types()).length).toBe(11);
});

test('rows whose jobs the log may have lost stay while the table that has them is unavailable', async () => {
  await enqueue(1);
  {
    await using _ = await stage.startRelay();
    await stage.untilDrained();
  }
  await stage.log.prefix.purgeBefore((await stage.log.lastSequence()) + 1);
  const id = await stage.enqueue('email', null, { idempotencyKey: 'k' });
  let asked = 0;
  let isUnavailable = true;
  const findJob = () => {
    asked += 1;
    return isUnavailable ? Promise.reject(new ReadModelUnavailableError('away')) : Promise.resolve(undefined);
  };
  await using _ = await stage.startRelay({ table: { findJob } });
  await eventually(() => expect(asked).toBeGreaterThan(3));
  expect([await stage.query('SELECT id FROM jobstream.outbox_0'), await deferred()]).toEqual([[{ id }], []]);
  isUnavailable = false;
  await stage.untilDrained();
  expect(await stage.created()).toMatchObject([{ jobId: id }]);
});

test('deferred rows are tried also while the outbox cannot be counted', async () => {
  const id = await stage.enqueue('email');
  await stage.query(`INSERT INTO jobstream.outbox_deferred SELECT *, 1, 'a fault', now() FROM jobstream.outbox_0;
    DELETE FROM jobstream.outbox_0; ALTER FUNCTION jobstream.outbox_report RENAME TO renamed`);
  await using _ = await stage.startRelay();
  await eventually(async () => expect(await stage.created()).toMatchObject([{ jobId: id }]));
});

test('a table that cannot be claimed from keeps no other from being drained', async () => {
  const log = stage.logWith(({ jobType }) => {
    return jobType === 'held' ? Promise.reject(new LogOverloadedError(1)) : undefined;
  });
  await stage.query("SELECT setval('jobstream.outbox_active', 2)");
  await enqueue(1, 'held');
  await stage.query("SELECT setval('jobstream.outbox_active', 1)");
  await using _ = await stage.startRelay({ log });
  await enqueue(1, 'first');
  await isRelayed('first');
  await stage.query('ALTER TABLE jobstream.outbox_2 RENAME TO renamed');
  await enqueue(1, 'second');
  await isRelayed('second');
  expect(await types()).toEqual(['first', 'second']);
});
