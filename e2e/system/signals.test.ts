import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { JobstreamClient } from '@jobstream/client';
import { connect } from '@nats-io/transport-node';
import { repositoryRoot } from '@jobstream/servers';
import { eventually, type RunningSystem, scratchDataFolder, startSystem, TestProcess } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agesPass } from '../harness/agesPass.ts';
import { jobsClient } from '../harness/jobsClient.ts';

const script = path.join(repositoryRoot, 'libs', 'worker', 'testing', 'approvalWorker.ts');

let system: RunningSystem;

beforeAll(async () => {
  system = await startSystem(await scratchDataFolder('signals'), { JOBS_MAX_AGE: '2s' });
});

afterAll(() => system.stop());

async function startWorker(): Promise<TestProcess> {
  const worker = TestProcess.node(script, { env: { NATS_URL: system.nats }, ipc: false });
  await worker.logged('ready');
  return worker;
}

/** Its supervisor starts it again. */
async function kill(command: string): Promise<void> {
  for (const pid of await system.pidsOf(command)) process.kill(pid, 'SIGKILL');
}

test('a job gets signals that come while it waits, before it waits, and while everything else is away, each once', async () => {
  const jobs = jobsClient(system.api);
  const client = new JobstreamClient({ url: system.api, retryForMs: 120_000, jobWarnings: false });
  const notes = path.join(await scratchDataFolder('signals'), 'notes');
  const done = async () => (await readFile(notes, 'utf8').catch(() => '')).split('\n').filter(Boolean);
  let worker = await startWorker();
  const { id } = await jobs.create({ type: 'approval', payload: { notes } });
  await eventually(async () => expect(await jobs.job(id)).toMatchObject({ status: 'waiting', awaits: ['approved'] }));
  await expect(client.jobs.signal(id, 'refused')).rejects.toMatchObject({ code: 'signal-not-found' });
  await expect(client.jobs.signal(id, 'paid', 'much')).rejects.toMatchObject({ code: 'invalid-request' });
  worker.kill('SIGKILL');
  const early = await client.jobs.signal(id, 'paid', 500, { idempotencyKey: 'payment-7' });
  const nats = await connect(system.operator);
  await agesPass({ api: system.api, nats }, 1);
  await nats.close();
  expect(await jobs.job(id)).toMatchObject({ status: 'waiting', unread: { paid: 1 } });
  const approving = client.jobs.signal(id, 'approved', { by: 'ann' });
  for (const command of ['nats-server', 'bin/postgres', 'apps/projector/', 'apps/api/']) await kill(command);
  await approving;
  worker = await eventually(startWorker);
  const again = await client.jobs.signal(id, 'paid', 500, { idempotencyKey: 'payment-7' });
  expect(again.signal.id).toBe(early.signal.id);
  const result = { by: 'ann', cents: 500, more: 'none' };
  await eventually(async () => expect(await jobs.job(id)).toMatchObject({ status: 'completed', attempt: 1, result }));
  expect(await done()).toEqual(['begin', 'approved by ann']);
  const steps = await eventually(async () => {
    const found = await client.jobs.steps(id);
    expect(found).toHaveLength(5);
    return found;
  });
  expect(steps.map(({ name, signal }) => [name, signal?.name])).toEqual([
    ['begin', undefined],
    ['approval', 'approved'],
    ['approve', undefined],
    ['payment', 'paid'],
    ['more', undefined],
  ]);
  await worker[Symbol.asyncDispose]();
});
