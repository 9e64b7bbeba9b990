import { randomBytes } from 'node:crypto';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { JobstreamClient } from '@jobstream/client';
import { createDatabase, type RunningSystem, scratchDataFolder, startSystem } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agesPass as logAges } from '../harness/agesPass.ts';
import { jobsClient } from '../harness/jobsClient.ts';
import { readRawLog } from '../harness/rawLog.ts';
import { runProjectorTask } from '../harness/runProjectorTask.ts';

/** Very short, so that a test lives through many ages. */
const AGE = '2s';
const AGES = 4;

/** The contents of all jobs are encrypted, which the keeper must not notice. */
const PAYLOAD_KEYS = `test:${randomBytes(32).toString('base64')}`;

let system: RunningSystem;
let nats: NatsConnection;

beforeAll(async () => {
  const env = { DATABASE_URL: await createDatabase(), JOBS_MAX_AGE: AGE, PAYLOAD_KEYS };
  system = await startSystem(await scratchDataFolder('expiry'), env);
  nats = await connect(system.operator);
});

afterAll(async () => {
  await nats.close();
  await system.stop();
});

const agesPass = (count: number) => logAges({ api: system.api, nats }, count);

const create = async (body: object, key?: string) => {
  const headers = { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) };
  const response = await fetch(`${system.api}/api/jobs`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, id: ((await response.json()) as { id: string }).id };
};

test('jobs of a paused type outlive many ages of the log: they run once, and their keys stay known', async () => {
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

test('an attempt that runs for longer than the log keeps events completes, as the first', async () => {
  const jobs = jobsClient(system.api);
  const { id } = await jobs.create({ type: 'sleep', payload: { durationMs: 12_000 } });
  await jobs.reaches(id, 'processing');
  await agesPass(2);
  expect(await jobs.reaches(id, 'completed')).toMatchObject({ attempt: 1 });
});

test('a job of a type that nobody runs stays, and a failed one can be retried while the log has it', async () => {
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

test('the contents of a carried job stay encrypted in the log, and can be erased', async () => {
  const jobs = jobsClient(system.api);
  const secret = `secret-${randomBytes(16).toString('hex')}`;
  const { id } = await jobs.create({ type: 'nobody', payload: { secret } });
  await agesPass(2);
  const ofJob = async () => (await readRawLog(nats)).messages.filter(({ subject }) => subject.includes(id));
  const [carried, ...others] = await ofJob();
  expect(others).toEqual([]);
  expect(carried?.subject).toContain('carried');
  expect(carried?.body).toContain('$jwe');
  expect(carried?.body).not.toContain(secret);
  expect(await jobs.job(id)).toMatchObject({ payload: { secret } });
  expect(JSON.stringify(await jobs.events(id))).toContain(secret);

  const erased = await fetch(`${system.api}/api/jobs/${id}/payload`, { method: 'DELETE' });
  expect({ status: erased.status, body: await erased.json() }).toMatchObject({
    status: 200,
    body: { payload: { shredded: true } },
  });
  expect(JSON.stringify(await jobs.events(id))).not.toContain(secret);
  await agesPass(1);
  expect(await jobs.job(id)).toMatchObject({ status: 'pending', payload: { shredded: true } });
});

test('a job whose first events are nowhere any more is read as of its JobCarried, and the table is not rebuilt without them', async () => {
  const jobs = jobsClient(system.api);
  const { id } = await jobs.create({ type: 'nobody', payload: { kept: true } });
  const created = (await jobs.events(id))[0]?.sequence ?? 0;
  await agesPass(2);
  const asOf = async (sequence: number) => {
    const answer = await fetch(`${system.api}/api/jobs/${id}?asOf=${sequence}`);
    return { status: answer.status, body: (await answer.json()) as object };
  };
  const [carried] = await jobs.events(id);
  expect(carried?.event).toBe('JobCarried');
  expect(await asOf(carried?.sequence ?? 0)).toMatchObject({ status: 200, body: { id, payload: { kept: true } } });
  expect(await asOf(created)).toMatchObject({
    status: 404,
    body: { detail: 'its events of that time have left the log for good' },
  });
  const env = { NATS_URL: system.natsAs.projector, DATABASE_URL: system.postgres, JOBS_MAX_AGE: AGE };
  for (const task of ['verify', 'rebuild'] as const) {
    const refused = expect.stringContaining(
      'event 1 has expired from the log: the tables cannot be built from the rest',
    );
    expect(await runProjectorTask(task, env)).toEqual({ code: 2, output: refused });
  }
  expect(await jobs.job(id)).toMatchObject({ status: 'pending', payload: { kept: true } });
});
