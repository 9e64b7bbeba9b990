import { connect, type NatsConnection } from '@nats-io/transport-node';
import { JobstreamClient } from '@jobstream/client';
import { createDatabase, eventually, type RunningSystem, scratchDataFolder, startSystem } from '@jobstream/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobsClient } from '../harness/jobsClient.ts';
import { logBounds } from '../harness/rawLog.ts';

/** Very short, so that a test lives through many ages. */
const AGE = '2s';
const AGES = 4;
const SLOW = { timeout: 120_000 };

let system: RunningSystem;
let nats: NatsConnection;

beforeAll(async () => {
  const env = { DATABASE_URL: await createDatabase(), JOBS_MAX_AGE: AGE };
  system = await startSystem(await scratchDataFolder('expiry'), env);
  nats = await connect(system.operator);
}, 120_000);

afterAll(async () => {
  await nats.close();
  await system.stop();
});

/** Resolves when the log has lost everything that is in it now, that many times. */
async function agesPass(count: number): Promise<void> {
  for (let age = 0; age < count; age++) {
    const { lastSequence } = await logBounds(nats);
    const isPurged = async () => expect((await logBounds(nats)).firstSequence).toBeGreaterThan(lastSequence);
    await eventually(isPurged, { timeoutMs: 60_000 });
    await jobsClient(system.api).create({ type: 'email', payload: { to: 'user@example.com' } });
  }
}

const create = async (body: object, key?: string) => {
  const headers = { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) };
  const response = await fetch(`${system.api}/api/jobs`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, id: ((await response.json()) as { id: string }).id };
};

test('jobs of a paused type outlive many ages of the log: they run once, and their keys stay known', SLOW, async () => {
  const { types } = new JobstreamClient({ url: system.api });
  const sleep = { type: 'sleep', payload: { durationMs: 1 } };
  await types.pause('sleep');
  const keys = ['one', 'two', 'three'];
  const created = await Promise.all(keys.map((key) => create(sleep, key)));
  await agesPass(AGES);
  for (const [index, key] of keys.entries()) {
    expect(await create(sleep, key)).toEqual({ status: 200, id: created[index]?.id });
  }
  await types.resume('sleep');
  const jobs = jobsClient(system.api);
  for (const { id } of created) expect(await jobs.reaches(id, 'completed')).toMatchObject({ attempt: 1 });
});

test('an attempt that runs for longer than the log keeps events completes, as the first', SLOW, async () => {
  const jobs = jobsClient(system.api);
  const { id } = await jobs.create({ type: 'sleep', payload: { durationMs: 12_000 } });
  await jobs.reaches(id, 'processing');
  await agesPass(2);
  expect(await jobs.reaches(id, 'completed')).toMatchObject({ attempt: 1 });
});

test('a job of a type that nobody runs stays, and a failed one can be retried while the log has it', SLOW, async () => {
  const jobs = jobsClient(system.api);
  const { id } = await jobs.create({ type: 'nobody', payload: { kept: true } });
  await agesPass(AGES);
  const failing = await jobs.create({ type: 'sleep', payload: { durationMs: 1, failTimes: 9 }, maxAttempts: 1 });
  expect(await jobs.job(id)).toMatchObject({ status: 'pending', payload: { kept: true } });
  expect((await jobs.events(id)).at(-1)?.event).toBe('JobCarried');
  await jobs.reaches(failing.id, 'failed');
  const retried = await fetch(`${system.api}/api/jobs/${failing.id}/retry`, { method: 'POST' });
  expect(retried.status).toBe(200);
  await jobs.reaches(failing.id, 'completed', 'failed');
});
