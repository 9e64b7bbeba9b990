import { EventLog } from '@jobstream/eventlog';
import { migrate } from '@jobstream/readmodel';
import { createMigratedDatabase, eventually, freePort, queryDatabase, startNats } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { projectAll } from '../../../testing/projectAll.ts';
import { type ApiProcess, spawnApi } from '../../../testing/spawnApi.ts';
import { startApi, type TestApi } from '../../../testing/startApi.ts';

const JOBS = 1_000;
const RATE = 250;
const WHOLE_RUN_MS = 60_000 + (JOBS / RATE) * 1_000;

interface Operation {
  readonly id: string;
  readonly status: string;
  readonly total: number;
  readonly done: number;
}

interface AuditRecord {
  readonly action: string;
  readonly actor: { readonly id: string };
  readonly subject: { readonly id: string };
  readonly outcome: string;
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

/** Resolves when no process carries the operation out, to how far it is. */
async function left(api: ApiProcess, { id }: Operation, databaseUrl: string): Promise<Operation> {
  const claims = 'SELECT count(leased_until)::int AS claims FROM operations WHERE id = $1';
  await eventually(async () => expect(await queryDatabase(databaseUrl, claims, [id])).toEqual([{ claims: 0 }]));
  return read(api, id);
}

/** Ends the time for which a killed process still has the operation, which is over by itself in at most 15 s. */
async function endLease({ id }: Operation, databaseUrl: string): Promise<void> {
  const ends = `SELECT leased_until <= now() + interval '15 seconds' AS ends FROM operations WHERE id = $1`;
  expect(await queryDatabase(databaseUrl, ends, [id])).toEqual([{ ends: true }]);
  await queryDatabase(databaseUrl, 'UPDATE operations SET leased_until = now() WHERE id = $1', [id]);
}

async function reaches(api: ApiProcess, { id }: Operation, done: number): Promise<void> {
  await eventually(async () => expect((await read(api, id)).done).toBeGreaterThan(done));
}

/** Jobs that have ended, in the table; returns their ids. */
async function endedJobs(api: TestApi, databaseUrl: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let made = 0; made < JOBS; made += 1_000) {
    const jobs = Array.from({ length: Math.min(1_000, JOBS - made) }, (_, index) => ({
      type: 'email',
      payload: { number: made + index, from: 'old' },
    }));
    const response = await (await api.post('/api/jobs/batch', { jobs })).json();
    ids.push(...(response as { jobs: { id: string }[] }).jobs.map(({ id }) => id));
  }
  await projectAll(api.log, databaseUrl);
  const cancelled = await (await api.post('/api/jobs/cancel', { all: true, limit: JOBS })).json();
  expect(cancelled).toMatchObject({ changed: JOBS });
  await projectAll(api.log, databaseUrl);
  return ids;
}

/** The jobs that an operation created, and all that it wrote to. */
async function repetitions(natsUrl: string, operation: Operation) {
  const log = new EventLog({ url: natsUrl, name: 'judge' });
  await log.start();
  const created: { readonly payload: unknown; readonly rerunOf?: string | undefined }[] = [];
  const ids = new Set<string>();
  const end = await log.lastSequence();
  for await (const entries of log.follow({ after: 0 })) {
    for (const entry of entries) {
      if (entry.kind !== 'event' || entry.event.correlationId !== operation.id) continue;
      if (entry.event.event === 'JobCreated') created.push(entry.event.data);
      ids.add(entry.event.jobId);
    }
    if ((entries.at(-1)?.sequence ?? 0) >= end) break;
  }
  await log.stop();
  return { created, ids };
}

/** Ended jobs of which an API that was stopped since knew. */
async function preparedJobs(natsUrl: string, databaseUrl: string): Promise<readonly string[]> {
  await using api = await startApi({ natsUrl, databaseUrl });
  return await endedJobs(api, databaseUrl);
}

test(
  'a replay that is paused and whose API is killed twice creates one job for each, and a cancelled one no more than it says',
  { tags: ['exact'] },
  async () => {
    await using nats = await startNats();
    const databaseUrl = await createMigratedDatabase(migrate);
    const settings = { NATS_URL: nats.url, DATABASE_URL: databaseUrl };
    const sources = await preparedJobs(nats.url, databaseUrl);
    await using first = await spawnApi(await freePort(), settings);
    const body = {
      filter: { type: 'email', status: ['cancelled'] },
      patch: { from: 'new' },
      rate: RATE,
      reason: 'moved',
    };
    const operation = await post(first, '/api/jobs/replay', body);
    expect(operation.total).toBe(JOBS);
    await reaches(first, operation, 0);
    await post(first, `/api/operations/${operation.id}/pause`);
    const paused = await left(first, operation, databaseUrl);
    expect(paused.status).toBe('paused');
    await first.kill('SIGKILL');

    await using second = await spawnApi(await freePort(), settings);
    expect(await read(second, operation.id)).toMatchObject({ status: 'paused', done: paused.done });
    await post(second, `/api/operations/${operation.id}/resume`);
    await reaches(second, operation, paused.done);
    await second.kill('SIGKILL');
    await endLease(operation, databaseUrl);

    await using third = await spawnApi(await freePort(), settings);
    expect((await read(third, operation.id)).done).toBeLessThan(JOBS);
    const completed = { status: 'completed', done: JOBS, skipped: 0, failed: 0 };
    const hasCompleted = async () => expect(await read(third, operation.id)).toMatchObject(completed);
    await eventually(hasCompleted, { timeoutMs: WHOLE_RUN_MS });
    const { created, ids } = await repetitions(nats.url, operation);
    expect({ events: created.length, jobs: ids.size }).toEqual({ events: JOBS, jobs: JOBS });
    expect(new Set(created.map(({ rerunOf }) => rerunOf))).toEqual(new Set(sources));
    expect(new Set(created.map(({ payload }) => (payload as { from: string }).from))).toEqual(new Set(['new']));

    const again = await post(third, '/api/jobs/replay', body);
    await reaches(third, again, 0);
    await post(third, `/api/operations/${again.id}/cancel`);
    const cancelled = await left(third, again, databaseUrl);
    expect(cancelled.status).toBe('cancelled');
    expect(cancelled.done).toBeLessThan(JOBS);
    expect((await repetitions(nats.url, again)).created).toHaveLength(cancelled.done);

    const audit = (await (await fetch(`${third.url}/api/audit`)).json()) as { items: readonly AuditRecord[] };
    const ofTheReplay = audit.items.filter(
      ({ subject, outcome }) => subject.id === operation.id && outcome === 'succeeded',
    );
    expect(ofTheReplay.map(({ action }) => action)).toEqual([
      'operation.resume',
      'operation.pause',
      'operation.create',
    ]);
    expect(new Set(ofTheReplay.map(({ actor }) => actor.id))).toEqual(new Set(['anonymous']));
  },
);
