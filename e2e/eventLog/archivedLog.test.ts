import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { migrate } from '@jobstream/readmodel';
import {
  createDatabase,
  dumpTables,
  eventually,
  queryDatabase,
  startNats,
  type TestNats,
} from '@jobstream/test-support';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jobsClient } from '../harness/jobsClient.ts';
import { runProjectorTask } from '../harness/runProjectorTask.ts';
import { startServices } from '../harness/startServices.ts';

let nats: TestNats;
let folder: string;
let env: Record<string, string>;

beforeEach(async () => {
  [nats, folder] = await Promise.all([startNats(), mkdtemp(path.join(os.tmpdir(), 'jobstream-archive-'))]);
  const database = await createDatabase();
  await migrate(database);
  env = { NATS_URL: nats.url, DATABASE_URL: database, ARCHIVE: folder };
});

afterEach(async () => {
  await nats?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Jobs of every fate, all in the table. Returns the ids of one that is completed and one that has failed. */
async function runJobs(api: string) {
  const jobs = jobsClient(api);
  const quick = { type: 'sleep', payload: { durationMs: 1 } };
  const retried = { ...quick, payload: { durationMs: 1, failTimes: 1 }, backoff: { type: 'fixed', delayMs: 10 } };
  const failed = { ...retried, maxAttempts: 1 };
  const completed = await jobs.create(retried);
  for (let made = 0; made < 30; made++) await jobs.create(quick);
  const { id } = await jobs.create(failed);
  await jobs.reaches(id, 'failed');
  await jobs.reaches(completed.id, 'completed');
  const scheduled = await jobs.create({ ...quick, delayMs: 3_600_000 });
  await eventually(async () => expect((await jobs.list('status=completed&limit=100')).items).toHaveLength(31));
  await jobs.reaches(scheduled.id, 'scheduled');
  return { completed: completed.id, failed: id };
}

const services = () => startServices(() => env);
/** A count of 0 and none are the same. */
const rows = async () =>
  (await dumpTables(env['DATABASE_URL'] ?? ''))
    .split('\n')
    .filter((row) => /^public.job/.test(row) && !row.includes(',0,'))
    .toSorted();

test('the table built again from the archive alone, after all events have expired, equals the one before', async () => {
  let jobs: { completed: string; failed: string };
  let events: unknown;
  {
    await using running = await services();
    jobs = await runJobs(running.api);
    events = await jobsClient(running.api).events(jobs.completed);
  }
  const before = await rows();
  expect(before.length).toBeGreaterThan(33);
  const inspected = await runProjectorTask('archive', env);
  expect(inspected).toMatchObject({
    code: 0,
    output: expect.stringMatching(
      /^The archive has no messages, the log has messages 1 to (\d+)\.\n\1 messages of the log are not/,
    ),
  });
  expect(await readdir(folder)).toEqual([]);
  expect(await runProjectorTask('archive', env, ['--now'])).toMatchObject({
    code: 0,
    output: expect.stringContaining('1 segment is new'),
  });
  expect((await runProjectorTask('archive', env)).output).toMatch(/\nEverything in the log is archived\.\n/);
  await expireMessages(nats.url);

  expect(await runProjectorTask('rebuild', env)).toMatchObject({
    code: 0,
    output: expect.stringContaining('equal in 33'),
  });
  expect(await runProjectorTask('verify', env)).toMatchObject({ code: 0, output: expect.stringContaining('33 jobs') });
  expect(await rows()).toEqual(before);

  await queryDatabase(
    env['DATABASE_URL'] ?? '',
    'DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA jobstream_previous CASCADE',
  );
  await migrate(env['DATABASE_URL'] ?? '');
  await using running = await services();
  await eventually(async () => expect(await rows()).toEqual(before));
  expect(await jobsClient(running.api).events(jobs.completed)).toEqual(events);
});

async function flipBit(file: string, offset: number): Promise<void> {
  const bytes = await readFile(file);
  bytes[offset] = (bytes[offset] ?? 0) ^ 0x10;
  await writeFile(file, bytes);
}

test('a damaged segment is not served, and the tasks name it', async () => {
  await using running = await services();
  const { completed } = await runJobs(running.api);
  await runProjectorTask('archive', env, ['--now']);
  await expireMessages(nats.url);
  const events = `${running.api}/api/jobs/${completed}/events`;
  expect((await fetch(events)).status).toBe(200);

  const segment = (await readdir(path.join(folder, 'segments'))).find((name) => name.endsWith('.gz')) ?? '';
  await flipBit(path.join(folder, 'segments', segment), 200);
  for (const url of [events, `${running.api}/api/jobs/${completed}?asOf=2`]) {
    const answer = await fetch(url);
    expect(answer.status).toBe(503);
    expect(await answer.text()).not.toContain('durationMs');
  }
  for (const [task, args] of [
    ['rebuild', []],
    ['verify', []],
    ['archive', ['--check']],
  ] as const) {
    const { code, output } = await runProjectorTask(task, env, args);
    expect({ task, code, named: output.includes(segment) }).toEqual({
      task,
      code: task === 'archive' ? 1 : 2,
      named: true,
    });
  }
});

test('a job whose events have expired can still be read, repeated by its key, and retried', async () => {
  await using running = await services();
  const { failed } = await runJobs(running.api);
  const create = () =>
    fetch(`${running.api}/api/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'order-17' },
      body: JSON.stringify({ type: 'sleep', payload: { durationMs: 1 } }),
    });
  const { id } = (await (await create()).json()) as { id: string };
  const jobs = jobsClient(running.api);
  await jobs.reaches(id, 'completed');
  await runProjectorTask('archive', env, ['--now']);
  await expireMessages(nats.url);
  await queryDatabase(env['DATABASE_URL'] ?? '', 'DELETE FROM jobs');

  expect(await jobs.job(id)).toMatchObject({ id, status: 'completed' });
  const asOf = await fetch(`${running.api}/api/jobs/${failed}?asOf=${(await jobs.events(failed))[0]?.sequence}`);
  expect(await asOf.json()).toMatchObject({ id: failed, status: 'pending' });
  const again = await create();
  expect({ status: again.status, body: await again.json() }).toMatchObject({ status: 200, body: { id } });
  expect((await fetch(`${running.api}/api/jobs/${failed}/retry`, { method: 'POST' })).status).toBe(200);
  await eventually(async () => expect((await jobs.events(failed)).at(-1)?.event).toBe('JobFailed'));
  expect((await jobs.events(failed)).map(({ event }) => event)).toContain('JobRequeued');
});

/** Takes all messages out of the log, as its keeper does when they are older than `JOBS_MAX_AGE`. */
async function expireMessages(natsUrl: string): Promise<void> {
  const connection = await connect({ servers: natsUrl });
  try {
    const { streams } = await jetstreamManager(connection, { timeout: 60_000 });
    await streams.purge('JOBS');
  } finally {
    await connection.close();
  }
}
