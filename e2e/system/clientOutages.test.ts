import { rm } from 'node:fs/promises';
import { JobstreamClient, type JobEvent } from '@jobstream/client';
import {
  createDatabase,
  eventually,
  type RunningSystem,
  scratchDataFolder,
  startSystem,
  startTcpProxy,
} from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startKillableApi, type KillableApi } from '../harness/killableApi.ts';

let dataDir: string;
let system: RunningSystem;
let api: KillableApi;
let client: JobstreamClient;

beforeAll(async () => {
  dataDir = await scratchDataFolder('outages');
  system = await startSystem(dataDir, { DATABASE_URL: await createDatabase() });
  api = await startKillableApi(system);
  client = new JobstreamClient({ url: api.url, retryForMs: 60_000, jobWarnings: false });
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await system.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const job = { type: 'sleep', payload: { durationMs: 1 } };

async function idsTagged(tag: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of client.jobs.list({ tag })) ids.push(id);
  return ids.toSorted();
}

test('a creation whose API is killed after it has stored the job leads to exactly one job', async () => {
  await using proxy = await startTcpProxy(api.port);
  let tries = 0;
  const counted: typeof fetch = (...request) => {
    tries += 1;
    return fetch(...request);
  };
  const behind = new JobstreamClient({
    url: `http://127.0.0.1:${proxy.port}`,
    fetch: counted,
    retryForMs: 60_000,
    jobWarnings: false,
  });
  const tags = ['answer-lost'];
  proxy.pauseDownstream();
  const creation = behind.jobs.create({ ...job, tags });
  await eventually(async () => expect(await idsTagged('answer-lost')).toHaveLength(1));
  await api.killAndRestart();
  await proxy.cut();
  await proxy.heal();
  const { id } = await creation;
  expect(tries).toBeGreaterThan(1);
  await client.jobs.waitForCompletion(id);
  expect(await idsTagged('answer-lost')).toEqual([id]);
});

test('many creations go through while the API is killed again and again, each once', async () => {
  const tags = ['under-fire'];
  const created: string[] = [];
  const enough = new AbortController();
  const lane = async () => {
    while (!enough.signal.aborted) created.push((await client.jobs.create({ ...job, tags })).id);
  };
  const lanes = Promise.all(Array.from({ length: 8 }, lane));
  for (const kill of [1, 2]) {
    const before = created.length;
    await eventually(() => expect(created.length).toBeGreaterThan(before + 100 * kill));
    await api.killAndRestart();
  }
  const before = created.length;
  await eventually(() => expect(created.length).toBeGreaterThan(before + 20));
  enough.abort();
  await lanes;
  await eventually(async () => expect(await idsTagged('under-fire')).toEqual(created.toSorted()));
});

test('a feed goes on where it was when the API is killed: no event is left out, none comes twice', async () => {
  const over = new AbortController();
  const seen: JobEvent[] = [];
  const reading = (async () => {
    for await (const event of client.events({ after: 0, signal: over.signal })) seen.push(event);
  })();
  for (const _kill of [1, 2]) {
    const { id } = await client.jobs.create(job);
    await eventually(() => expect(seen.some(({ jobId }) => jobId === id)).toBe(true));
    await Promise.all([api.killAndRestart(), client.jobs.create(job), client.jobs.create(job)]);
  }
  const { id } = await client.jobs.create(job);
  await client.jobs.waitForCompletion(id);
  const end = (await client.jobs.history(id)).at(-1)?.sequence ?? 0;
  await eventually(() => expect(seen.at(-1)?.sequence).toBeGreaterThanOrEqual(end));
  over.abort();
  await expect(reading).rejects.toThrow(/abort/);
  // The log of this system has events of jobs alone, so their places in it are 1, 2, 3…
  expect(seen.map(({ sequence }) => sequence)).toEqual(seen.map((_, index) => index + 1));
});

test('a wait goes on when the API is killed', async () => {
  const { id } = await client.jobs.create({ type: 'sleep', payload: { durationMs: 2_000 } });
  const ended = client.jobs.waitForCompletion(id);
  const events: string[] = [];
  for await (const { event } of client.jobs.events(id)) {
    events.push(event);
    if (event === 'JobStarted') await api.killAndRestart();
  }
  expect(await ended).toMatchObject({ id, status: 'completed' });
  expect(events.filter((name) => name !== 'JobProgressed')).toEqual(['JobCreated', 'JobStarted', 'JobCompleted']);
});
