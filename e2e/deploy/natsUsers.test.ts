import { randomUUID } from 'node:crypto';
import { EventLog } from '@jobstream/eventlog';
import type { NatsUser } from '@jobstream/servers';
import { createDatabase, eventually, queryDatabase } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobsClient } from '../harness/jobsClient.ts';
import { runScript } from '../harness/runProgram.ts';
import { type NatsWithUsers, startNatsWithUsers } from '../harness/startNatsWithUsers.ts';
import { startServices } from '../harness/startServices.ts';

let nats: NatsWithUsers;
let database: string;

beforeAll(async () => {
  nats = await startNatsWithUsers();
  database = await createDatabase();
});

afterAll(async () => {
  await nats?.[Symbol.asyncDispose]();
});

const settings = (user: NatsUser) => ({ ...nats.settings(user), DATABASE_URL: database, ACK_WAIT_MS: '1000' });

/** Calls the API and answers with the body of a success. */
async function call(url: string, method = 'GET', body?: unknown): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const text = await answer.text();
  expect({ url, ok: answer.ok, text }).toEqual({ url, ok: true, text });
  return text;
}

/** Jobs of every kind: cancelled while they run, sent back, retried, delayed, created together. */
async function runJobs(api: string): Promise<void> {
  const jobs = jobsClient(api);
  const quick = { type: 'sleep', payload: { durationMs: 1 } };
  const slow = await jobs.create({ type: 'sleep', payload: { durationMs: 3_600_000 } });
  const retry = { type: 'sleep', payload: { durationMs: 1, failTimes: 1 }, backoff: { type: 'fixed', delayMs: 10 } };
  const later = { type: 'email', payload: { to: 'user@example.com' }, delayMs: 200 };
  const created = await Promise.all([retry, later, quick].map(jobs.create));
  await call(`${api}/api/jobs/batch`, 'POST', { jobs: [quick, quick, quick] });
  for (const last of ['retry', undefined]) {
    await jobs.reaches(slow.id, 'processing');
    await call(`${api}/api/jobs/${slow.id}/cancel`, 'POST');
    if (last !== undefined) await call(`${api}/api/jobs/${slow.id}/${last}`, 'POST');
  }
  for (const { id } of created) await jobs.reaches(id, 'completed');
  await call(`${api}/api/jobs/${slow.id}?asOf=1`);
}

async function runSchedule(api: string): Promise<void> {
  const often = `${api}/api/schedules/often`;
  const job = { type: 'sleep', payload: { durationMs: 1 } };
  await call(`${api}/api/schedules`, 'POST', { name: 'often', cron: '* * * * * *', job });
  await eventually(async () => expect(await call(`${often}/events`)).toContain('ScheduleTicked'));
  await call(often, 'PUT', { cron: '@hourly', job });
  await call(often, 'DELETE');
}

/** Also of a type without a worker. */
async function pauseTypes(api: string): Promise<void> {
  for (const jobType of ['webhook', 'without-worker']) {
    await call(`${api}/api/types/${jobType}/pause`, 'POST');
    await call(`${api}/api/types/${jobType}/resume`, 'POST');
  }
  await call(`${api}/api/types`);
  await call(`${api}/api/stats`);
  await call(`${api}/metrics`);
}

/** Says as the API that a job was completed, on the subject of an event that the API may append. */
async function claimCompletion(jobId: string): Promise<void> {
  const connection = await nats.connectAs('api');
  const said = { v: 1, id: randomUUID(), jobId, jobType: 'sleep', version: 2, at: new Date().toISOString() };
  const event = {
    ...said,
    actor: { kind: 'worker', id: 'w' },
    event: 'JobCompleted',
    data: { attempt: 1, durationMs: 1 },
  };
  const answer = await connection.request(`jobs.sleep.${jobId}.requeued`, JSON.stringify(event), { timeout: 60_000 });
  expect(answer.json()).toMatchObject({ stream: 'JOBS' });
  await connection.close();
}

async function expectNoClaims(api: string): Promise<void> {
  const jobs = jobsClient(api);
  const { id } = await jobs.create({ type: 'sleep', payload: { durationMs: 1 }, delayMs: 86_400_000 });
  await jobs.reaches(id, 'scheduled');
  await claimCompletion(id);
  const quarantined = `SELECT reason FROM quarantined_messages WHERE reason LIKE '%JobCompleted%${id}%'`;
  await eventually(async () => expect(await queryDatabase(database, quarantined)).toHaveLength(1));
  expect(await jobs.job(id)).toMatchObject({ status: 'scheduled', version: 1 });
}

async function logOf(user: NatsUser): Promise<EventLog & AsyncDisposable> {
  const { NATS_URL: url = '', NATS_PASSWORD: password } = nats.settings(user);
  const log = new EventLog({ url, name: user, user, password });
  await log.start();
  return Object.assign(log, { [Symbol.asyncDispose]: () => log.stop() });
}

/** Announces as the worker, follows, sets, keeps and removes as the API, and reads what is kept as worker and relay. */
async function announce(): Promise<void> {
  await using worker = await logOf('worker');
  await using relay = await logOf('relay');
  await using api = await logOf('api');
  const registry = await api.announcements.openRegistry();
  const self = { worker: 'w1', host: 'h', startedAt: new Date().toISOString() };
  await worker.announcements.announceType({
    ...self,
    type: 'resize',
    limits: { concurrency: 1 },
    defaults: { maxAttempts: 4 },
  });
  await worker.announcements.heartbeat({ ...self, pid: 1, types: ['resize'], runningCount: 0, running: [] });
  await api.announcements.setPayloadCheck('resize', 'warn');
  await eventually(() =>
    expect(registry.type('resize')).toMatchObject({ payloadCheck: 'warn', announcements: [{ live: true }] }),
  );
  for (const { announcements } of [worker, relay])
    await eventually(async () => expect(await announcements.definitionOf('resize')).toMatchObject({ worker: 'w1' }));
  await api.announcements.removeType('resize');
  await api.announcements.removeWorker('w1');
  await eventually(() => expect(registry.type('resize')).toBeUndefined());
  await eventually(() => expect(registry.workers().map((one) => one.worker)).not.toContain('w1'));
}

test('a service cannot start before the streams exist, and its error names the user that creates them', async () => {
  const { code, output } = await runScript('apps/worker/src/main.ts', settings('worker'));
  expect(code).toBe(1);
  expect(output).toContain('stream JOBS is missing and this user may not create it: the command migrate does');
});

test('the system runs with a user for each service, and the server refuses no operation', async () => {
  const before = (await nats.refusals()).length;
  const migrated = await runScript('tools/migrate.ts', settings('migrate'));
  expect(migrated).toMatchObject({ code: 0, output: expect.stringContaining('The streams are there.') });
  await using services = await startServices(settings);
  await runJobs(services.api);
  await runSchedule(services.api);
  await pauseTypes(services.api);
  await expectNoClaims(services.api);
  await announce();
  for (const task of ['verify', 'rebuild']) {
    const { code, output } = await runScript(`apps/projector/src/${task}/main.ts`, settings('projector'));
    expect(code === 0 ? '' : `${task}: ${output}`).toBe('');
  }
  expect((await nats.refusals()).slice(before)).toEqual([]);
});
