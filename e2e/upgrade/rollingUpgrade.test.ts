import { defineJob, JobstreamClient } from '@jobstream/client';
import { migrate } from '@jobstream/readmodel';
import { repositoryRoot } from '@jobstream/servers';
import { createMigratedDatabase, startNats, type TestNats } from '@jobstream/test-support';
import { createWorker, type Logger } from '@jobstream/worker';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { jobsClient } from '../harness/jobsClient.ts';
import { startServices, type Service, type Services } from '../harness/startServices.ts';
import { createEarlierLog } from './earlierLog.ts';
import { earlierRelease } from './earlierRelease.ts';

/** Longer than the time between two heartbeats of a worker. */
const LATER_MS = 5_000;

let earlier: string;
let nats: TestNats;
let database: string;

beforeAll(async () => {
  earlier = await earlierRelease();
});

beforeEach(async () => {
  nats = await startNats();
  await createEarlierLog(nats.url);
  database = await createMigratedDatabase(migrate);
});

afterEach(() => nats.stop());

/** Starts these services on the servers of the test; those of `old` are of the earlier release. */
function start(only: readonly Service[], old: readonly Service[]): Promise<Services> {
  const env = { NATS_URL: nats.url, DATABASE_URL: database, HEALTH_PORT: '0' };
  return startServices(() => env, { only, rootOf: (service) => (old.includes(service) ? earlier : repositoryRoot) });
}

/** Runs jobs that complete, also later, that fail and are retried, and that are cancelled while they run. */
async function expectJobsRun(api: string): Promise<void> {
  const jobs = jobsClient(api);
  const sleep = (payload: object, options: object = {}) => jobs.create({ type: 'sleep', payload, ...options });
  const retried = await sleep({ durationMs: 1, failTimes: 1 }, { backoff: { type: 'fixed', delayMs: 10 } });
  const later = await sleep({ durationMs: 1 }, { delayMs: LATER_MS });
  const running = await sleep({ durationMs: 600_000 });
  await jobs.reaches(running.id, 'processing');
  await new JobstreamClient({ url: api }).jobs.cancel(running.id);
  expect(await jobs.reaches(running.id, 'cancelled')).toMatchObject({ attempt: 1 });
  expect(await jobs.reaches(retried.id, 'completed', 'failed')).toMatchObject({ status: 'completed', attempt: 2 });
  expect(await jobs.reaches(later.id, 'completed', 'failed')).toMatchObject({ status: 'completed', attempt: 1 });
}

test('a worker of the earlier release runs jobs of a newer API, which warns that its types are unannounced', async () => {
  await using services = await start(['worker', 'projector', 'api'], ['worker']);
  await expectJobsRun(services.api);
  const client = new JobstreamClient({ url: services.api });
  const created = await jobsClient(services.api).post({ type: 'email', payload: { to: 'user@example.com' } });
  const job = (await created.json()) as { id: string };
  expect(job).toMatchObject({ warnings: [{ code: 'unknown-type', pointer: '/type' }] });
  expect(await client.jobs.waitForCompletion(job.id)).toMatchObject({ status: 'completed' });
  const email = (await client.types.list()).find(({ type }) => type === 'email');
  expect(email).toMatchObject({ announced: false, workers: [] });
});

test('workers of this release run the jobs of an earlier API and log once that they cannot announce', async () => {
  await using services = await start(['projector', 'api'], ['projector', 'api']);
  const greeting = defineJob('greeting', { payload: z.object({ name: z.string() }), result: z.string() });
  const warnings: string[] = [];
  const own = createWorker({ natsUrl: nats.url, logger: warningsInto(warnings) });
  own.handle(greeting, ({ name }, { attempt }) => {
    if (attempt === 1) throw new Error('not yet');
    return `Hello, ${name}!`;
  });
  await own.start();
  try {
    const client = new JobstreamClient({ url: services.api, jobWarnings: false });
    const options = { backoff: { type: 'fixed', delayMs: LATER_MS } } as const;
    const job = await client.enqueue(greeting, { name: 'Ada' }, options);
    expect(await job.result()).toBe('Hello, Ada!');
    expect(warnings.filter((line) => line.startsWith('announcing failed'))).toHaveLength(1);
    await using shipped = await start(['worker'], []);
    expect(shipped).toBeDefined();
    await expectJobsRun(services.api);
  } finally {
    await own.stop();
  }
});

const ignore = () => undefined;

function warningsInto(lines: string[]): Logger {
  const warn = (first: object | string, message?: string) => {
    lines.push(typeof first === 'string' ? first : String(message));
  };
  return { debug: ignore, info: ignore, error: ignore, warn, child: () => warningsInto(lines) };
}
