import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import {
  createDatabase,
  eventually,
  type RunningSystem,
  scratchDataFolder,
  startSystem,
  TestProcess,
} from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';

const script = path.join(repositoryRoot, 'libs', 'worker', 'testing', 'ownWorker.ts');

let system: RunningSystem;

beforeAll(async () => {
  system = await startSystem(await scratchDataFolder('own-worker'), { DATABASE_URL: await createDatabase() });
});

afterAll(() => system.stop());

interface Answer {
  readonly id: string;
  readonly status: string;
  readonly attempt: number;
  readonly worker: string;
  readonly warnings?: readonly { readonly code: string; readonly nearest: readonly string[] }[];
  readonly errors?: readonly { readonly pointer: string }[];
  readonly items: readonly Record<string, unknown>[];
}

async function ask(route: string, body?: object): Promise<{ status: number; answer: Answer }> {
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${system.api}${route}`, body === undefined ? {} : request);
  return { status: response.status, answer: (await response.json()) as Answer };
}

const create = (type: string, payload: unknown) => ask('/api/jobs', { type, payload });
const jobOf = async (id: string) => (await ask(`/api/jobs/${id}`)).answer;

/** A worker as its user writes it, with the job type `nap`. */
async function startOwnWorker(env: Record<string, string> = {}): Promise<TestProcess> {
  const worker = TestProcess.node(script, { env: { NATS_URL: system.nats, ...env }, ipc: false });
  await worker.logged('ready');
  return worker;
}

test('a job type of a user’s own worker is known to the API: its payloads are checked, and misspelt types stand out', async () => {
  await using _worker = await startOwnWorker();
  await eventually(async () => expect((await create('nap', { ms: 'long' })).status).toBe(422));
  const { answer: refused } = await create('nap', { ms: 'long' });
  expect(refused.errors).toEqual([expect.objectContaining({ pointer: '/payload/ms' })]);
  const { status, answer: misspelt } = await create('napp', { ms: 1 });
  expect(status).toBe(201);
  expect(misspelt.warnings).toEqual([expect.objectContaining({ code: 'unknown-type', nearest: ['nap'] })]);
  await eventually(async () => {
    const { items } = (await ask('/api/types')).answer;
    expect(items).toContainEqual(expect.objectContaining({ type: 'nap', workers: [expect.anything()] }));
    expect(items).toContainEqual(expect.objectContaining({ type: 'napp', announced: false, workers: [] }));
  });
});

test('a job goes on in another worker when its own is killed, and the list of workers shows it', async () => {
  await using first = await startOwnWorker({ ACK_WAIT_MS: '1000', LOG_LEVEL: 'debug' });
  const { answer: created } = await create('nap', { ms: 2_000 });
  await first.logged('started');
  first.kill('SIGKILL');
  const { worker: killed } = await eventually(async () => {
    const job = await jobOf(created.id);
    expect(job.status).toBe('processing');
    return job;
  });
  await using second = await startOwnWorker({ ACK_WAIT_MS: '1000' });
  await second.logged('completed');
  await eventually(async () => expect(await jobOf(created.id)).toMatchObject({ status: 'completed', attempt: 2 }));
  await eventually(async () => {
    const { items } = (await ask('/api/workers')).answer;
    expect(items).toContainEqual(expect.objectContaining({ worker: killed, live: false }));
  });
});
