import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { JobstreamClient } from '@jobstream/client';
import { migrate } from '@jobstream/readmodel';
import { repositoryRoot } from '@jobstream/servers';
import { createMigratedDatabase, eventually, startNats, type TestNats } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobsClient } from '../harness/jobsClient.ts';
import { runProgram } from '../harness/runProgram.ts';
import { startServices, type Service, type Services } from '../harness/startServices.ts';
import { newerRelease, type NewerRelease } from './newerRelease.ts';

const DELAY_MS = 3_000;

let newer: NewerRelease;
let nats: TestNats;
let database: string;

beforeAll(async () => {
  [newer, nats, database] = await Promise.all([newerRelease(), startNats(), createMigratedDatabase(migrate)]);
});

afterAll(async () => {
  await nats.stop();
  await newer[Symbol.asyncDispose]();
});

function start(release: 'this' | 'newer', ...only: Service[]): Promise<Services> {
  const env = { NATS_URL: nats.url, DATABASE_URL: database, HEALTH_PORT: '0', ACK_WAIT_MS: '2000' };
  return startServices(() => env, { only, rootOf: () => (release === 'this' ? repositoryRoot : newer.folder) });
}

/** Notes something about a job, or creates one, by the newer release; returns what it says about whether it may. */
async function write(program: 'noteJob' | 'fileJob', { id }: { readonly id: string }): Promise<string> {
  const { code, output } = await runProgram(process.execPath, [newer[program], nats.url, id], { cwd: newer.folder });
  if (code !== 0) throw new Error(output);
  return output.trim();
}

/** Compares the table with the log, as one of the releases reads it. */
function verify(root: string) {
  const env = { ...process.env, NATS_URL: nats.url, DATABASE_URL: database };
  return runProgram(process.execPath, [path.join(root, 'apps/projector/src/verify/main.ts')], { cwd: root, env });
}

/** Runs a job from its creation to its end. */
async function runAnother(api: string): Promise<void> {
  const jobs = jobsClient(api);
  const { id } = await jobs.create({ type: 'sleep', payload: { durationMs: 1 } });
  expect(await new JobstreamClient({ url: api }).jobs.waitForCompletion(id)).toMatchObject({ status: 'completed' });
}

test('an event of a newer release marks its job, stops nothing, and is folded once the newer projector runs', async () => {
  const delayed = { type: 'sleep', payload: { durationMs: 1 }, delayMs: DELAY_MS };
  const earlier = await start('this', 'api', 'projector');
  const jobs = jobsClient(earlier.api);
  const [noted, plain] = [await jobs.create(delayed), await jobs.create(delayed)];
  expect(await write('noteJob', noted)).toBe('must not be written yet');
  await eventually(async () =>
    expect(await jobs.job(noted.id)).toMatchObject({ status: 'scheduled', version: 2, unreadableEvents: 1 }),
  );
  expect((await jobs.events(noted.id)).map(({ event }) => event)).toEqual(['JobCreated']);
  const worker = await start('this', 'worker'); // not before, since the job may have been due before it was noted
  await runAnother(earlier.api);
  // Both are due by now, and the worker has seen both: their timers come in order.
  await jobs.reaches(plain.id, 'completed');
  expect(await jobs.job(noted.id)).toMatchObject({ status: 'scheduled', attempt: 0 });
  const retry = await fetch(`${earlier.api}/api/jobs/${noted.id}/retry`, { method: 'POST' });
  expect(await retry.json()).toMatchObject({ status: 409, type: 'urn:jobstream:problem:job-unreadable' });

  const newerWorker = await start('newer', 'worker');
  expect(await jobs.reaches(noted.id, 'completed')).toMatchObject({ attempt: 1, unreadableEvents: 1 });
  await newerWorker[Symbol.asyncDispose]();
  await worker[Symbol.asyncDispose]();
  await earlier[Symbol.asyncDispose]();

  await using upgraded = await start('newer', 'api', 'projector', 'worker');
  const upgradedJobs = jobsClient(upgraded.api);
  await eventually(async () => expect(await upgradedJobs.job(noted.id)).not.toHaveProperty('unreadableEvents'));
  const names = (await upgradedJobs.events(noted.id)).map(({ event }) => event);
  expect(names.filter((name) => name !== 'JobProgressed')).toEqual([
    'JobCreated',
    'JobNoted',
    'JobStarted',
    'JobCompleted',
  ]);
  await runAnother(upgraded.api);
  const other = await upgradedJobs.create({ ...delayed, delayMs: 600_000 });
  await eventually(async () => expect(await write('noteJob', other)).toBe('may be written'));
  expect(await upgradedJobs.job(other.id)).toMatchObject({ progress: { message: 'call the customer' } });
  expect(await verify(newer.folder)).toMatchObject({ code: 0, output: expect.stringContaining('matches the log') });
  const byThis = await verify(repositoryRoot);
  expect(byThis).toMatchObject({
    code: 1,
    output: expect.stringContaining('unreadable_events is NULL, but 1 by the log'),
  });
});

test('a job that a newer release has begun in its own way is left to it by every process, and runs after the upgrade', async () => {
  const earlier = await start('this', 'api', 'projector', 'worker');
  const jobs = jobsClient(earlier.api);
  await runAnother(earlier.api); // so the type has consumers
  const filed = { id: randomUUID() };
  expect(await write('fileJob', filed)).toBe('must not be written yet');
  const plain = await jobs.create({ type: 'sleep', payload: { durationMs: 1 }, delayMs: 1 });
  await jobs.reaches(plain.id, 'completed'); // its timer was set later: the worker has seen both
  const found = await fetch(`${earlier.api}/api/jobs/${filed.id}`);
  expect(await found.json()).toMatchObject({ status: 409, type: 'urn:jobstream:problem:job-unreadable' });
  expect((await verify(repositoryRoot)).output).toContain(filed.id);
  await earlier[Symbol.asyncDispose]();

  await using upgraded = await start('newer', 'api', 'projector', 'worker');
  const upgradedJobs = jobsClient(upgraded.api);
  expect(await upgradedJobs.reaches(filed.id, 'completed')).toMatchObject({ attempt: 1 });
  const names = (await upgradedJobs.events(filed.id)).map(({ event }) => event);
  expect(names.filter((name) => name !== 'JobProgressed')).toEqual(['JobFiled', 'JobStarted', 'JobCompleted']);
  const other = { id: randomUUID() };
  await eventually(async () => expect(await write('fileJob', { id: randomUUID() })).toBe('may be written'));
  expect(await write('fileJob', other)).toBe('may be written');
  expect(await upgradedJobs.reaches(other.id, 'completed')).toMatchObject({ attempt: 1 });
  expect(await verify(newer.folder)).toMatchObject({ code: 0, output: expect.stringContaining('matches the log') });
});
