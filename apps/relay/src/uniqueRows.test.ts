import { randomUUID } from 'node:crypto';
import { decide, isRejection, UNIQUE_PROTOCOL } from '@jobstream/domain';
import { ProcessHeartbeat } from '@jobstream/eventlog';
import { eventually } from '@jobstream/test-support';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RelayStage } from '../testing/relayStage.ts';

let stage: RelayStage;
let api: ProcessHeartbeat;
beforeEach(async () => {
  stage = await RelayStage.open();
  api = new ProcessHeartbeat({ log: stage.log, role: 'api', logger: { info: () => undefined, warn: () => undefined } });
  await api.start();
});
afterEach(async () => {
  await api.stop();
  await stage[Symbol.asyncDispose]();
});

const unique = { by: ['payload.userId'] };
const enqueue = (userId = 1, rule: object = unique) => stage.enqueue('sync', { userId }, { unique: rule });
const ids = async () => (await stage.created()).map(({ jobId }) => jobId);

async function cancel(id: string): Promise<void> {
  const snapshot = await stage.log.readJob(id);
  const context = { eventId: randomUUID(), at: new Date().toISOString(), actor: { kind: 'api', id: 'test' } } as const;
  const event = decide({ kind: 'CancelJob', ...context }, snapshot?.job);
  if (isRejection(event)) throw new Error(event.detail);
  await stage.log.append(event, snapshot?.sequence ?? 0);
}

test('of two rows with one key one becomes a job, and the next after its end another', async () => {
  await using _ = await stage.startRelay();
  const both = [await enqueue(), await enqueue()];
  const other = await enqueue(2);
  await stage.untilDrained();
  const [first = '', ...more] = (await ids()).filter((id) => id !== other);
  expect(both).toContain(first);
  expect(more).toEqual([]);
  expect(await stage.metrics.text()).toMatch(/relayed_jobs_total\{outbox="[^"]+",outcome="held"\} 1/);
  await cancel(first);
  const third = await enqueue();
  await stage.untilDrained();
  expect(await ids()).toEqual(expect.arrayContaining([first, other, third]));
  expect(await ids()).toHaveLength(3);
  expect(await stage.query('SELECT FROM jobstream.outbox_rejected')).toEqual([]);
});

test('a row that replaces gives the job that has its key its payload', async () => {
  await using _ = await stage.startRelay();
  const first = await enqueue();
  await stage.untilDrained();
  const payload = JSON.stringify({ userId: 1, at: 'later' });
  const options = JSON.stringify({ unique: { ...unique, onConflict: 'replace' } });
  await stage.query(`SELECT jobstream.enqueue('sync', $1, $2)`, [payload, options]);
  await stage.untilDrained();
  expect(await ids()).toEqual([first]);
  expect((await stage.log.readJob(first))?.job).toMatchObject({ payload: { at: 'later' }, version: 2 });
});

test('a row that comes back, since its relay ended before its commit, changes no other job', async () => {
  const options = { unique: { ...unique, onConflict: 'replace' } };
  await using _ = await stage.startRelay();
  const first = await stage.enqueue('sync', { userId: 1, at: 'first' }, options);
  await stage.untilDrained();
  await cancel(first);
  const next = await stage.enqueue('sync', { userId: 1, at: 'next' }, options);
  await stage.untilDrained();
  const values = [first, JSON.stringify({ userId: 1, at: 'first' }), JSON.stringify(options)];
  const row = `INSERT INTO jobstream.outbox_0 (id, enqueued_at, type, payload, options) VALUES ($1, now(), 'sync', $2, $3)`;
  await stage.query(row, values);
  await stage.untilDrained();
  expect((await stage.log.readJob(next))?.job).toMatchObject({ payload: { at: 'next' }, version: 1 });
});

test('a row is held by a job that nobody can read any more, until its time', async () => {
  const rule = { ...unique, forMs: 3_600_000 };
  await using _ = await stage.startRelay();
  const first = await enqueue(1, rule);
  await stage.untilDrained();
  const key = await stage.log.unique.keyOf({ jobType: 'sync', unique: rule, payload: { userId: 1 } });
  const claim = await stage.log.unique.newest(key);
  // As the keeper does before the events of the job expire.
  await stage.log.unique.renew(key, { sequence: 0, jobType: 'sync', ...claim, jobId: randomUUID() });
  await enqueue(1, rule);
  await stage.untilDrained();
  const other = await enqueue(2, rule);
  await stage.untilDrained();
  expect(await ids()).toEqual([first, other]);
  expect(await stage.query('SELECT FROM jobstream.outbox_deferred')).toEqual([]);
});

test('a unique job waits while a process of an earlier release lives, and others do not', async () => {
  const other = { worker: 'other', host: 'build-7', pid: 1, startedAt: new Date().toISOString(), types: [] };
  let protocol = UNIQUE_PROTOCOL - 1;
  const beat = () => stage.log.announcements.heartbeat({ ...other, runningCount: 0, running: [], protocol });
  await beat();
  const beats = setInterval(() => void beat().catch(() => undefined), 3_000);
  await using _ = await stage.startRelay();
  const waits = await enqueue();
  const email = await stage.enqueue('email');
  await eventually(async () => expect(await ids()).toContain(email));
  await eventually(async () => expect(await stage.metrics.text()).toMatch(/outbox_failures_total\{[^}]+\} [1-9]/));
  expect(await ids()).toEqual([email]);
  protocol = UNIQUE_PROTOCOL;
  await eventually(async () => expect(await ids()).toEqual([email, waits]));
  clearInterval(beats);
});
