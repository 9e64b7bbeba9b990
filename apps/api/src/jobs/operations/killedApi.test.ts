import { migrate } from '@jobstream/readmodel';
import { createMigratedDatabase, eventually, freePort, startNats } from '@jobstream/test-support';
import { EventLog } from '@jobstream/eventlog';
import { expect, test } from 'vitest';
import { projectAll } from '../../../testing/projectAll.ts';
import { type ApiProcess, spawnApi } from '../../../testing/spawnApi.ts';
import { startApi, type TestApi } from '../../../testing/startApi.ts';

const JOBS = 300;
const RATE = 50;

interface Operation {
  readonly id: string;
  readonly status: string;
  readonly total: number;
  readonly done: number;
}

const headers = { 'content-type': 'application/json' };

async function post(api: ApiProcess, path: string, body: unknown = {}): Promise<Operation> {
  const response = await fetch(api.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(response.ok).toBe(true);
  return (await response.json()) as Operation;
}

async function read(api: ApiProcess, id: string): Promise<Operation> {
  return (await (await fetch(`${api.url}/api/operations/${id}`)).json()) as Operation;
}

/** Jobs that have ended, in the table. */
async function endedJobs(api: TestApi, databaseUrl: string): Promise<void> {
  for (let made = 0; made < JOBS; made += 1_000) {
    const jobs = Array.from({ length: Math.min(1_000, JOBS - made) }, (_, index) => ({
      type: 'email',
      payload: { number: made + index, from: 'old' },
    }));
    await api.post('/api/jobs/batch', { jobs });
  }
  await projectAll(api.log, databaseUrl);
  expect(await (await api.post('/api/jobs/cancel', { all: true, limit: JOBS })).json()).toMatchObject({
    changed: JOBS,
  });
  await projectAll(api.log, databaseUrl);
}

/** How often each job was repeated, and with what payloads. */
async function repetitions(natsUrl: string, operation: string) {
  const log = new EventLog({ url: natsUrl, name: 'judge' });
  await log.start();
  const payloads: unknown[] = [];
  const ids = new Set<string>();
  const end = await log.lastSequence();
  for await (const entries of log.follow({ after: 0 })) {
    for (const entry of entries) {
      if (entry.kind !== 'event' || entry.event.correlationId !== operation) continue;
      if (entry.event.event === 'JobCreated') payloads.push(entry.event.data.payload);
      ids.add(entry.event.jobId);
    }
    if ((entries.at(-1)?.sequence ?? 0) >= end) break;
  }
  await log.stop();
  return { payloads, ids };
}

test('a replay is paused, goes on after its API is killed, and creates each job once', async () => {
  await using nats = await startNats();
  const databaseUrl = await createMigratedDatabase(migrate);
  {
    await using api = await startApi({ natsUrl: nats.url, databaseUrl });
    await endedJobs(api, databaseUrl);
  }
  const settings = { NATS_URL: nats.url, DATABASE_URL: databaseUrl };
  await using first = await spawnApi(await freePort(), settings);
  const body = { filter: { type: 'email' }, patch: { from: 'new' }, rate: RATE };
  const { id, total } = await post(first, '/api/jobs/replay', body);
  expect(total).toBe(JOBS);
  await eventually(async () => expect((await read(first, id)).done).toBeGreaterThan(0));
  await post(first, `/api/operations/${id}/pause`);
  await post(first, `/api/operations/${id}/resume`);
  await first.kill('SIGKILL');
  await using second = await spawnApi(await freePort(), settings);
  const { done } = await read(second, id);
  expect(done).toBeLessThan(JOBS);
  await eventually(async () => expect(await read(second, id)).toMatchObject({ status: 'completed', done: JOBS }), {
    timeoutMs: 60_000 + (JOBS / RATE) * 1_000,
  });
  const { payloads, ids } = await repetitions(nats.url, id);
  expect({ events: payloads.length, jobs: ids.size }).toEqual({ events: JOBS, jobs: JOBS });
  expect(new Set(payloads.map((payload) => (payload as { from: string }).from))).toEqual(new Set(['new']));
}, 180_000);
