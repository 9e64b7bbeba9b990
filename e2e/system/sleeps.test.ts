import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { connect } from '@nats-io/transport-node';
import { repositoryRoot } from '@jobstream/servers';
import { eventually, type RunningSystem, scratchDataFolder, startSystem, TestProcess } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agesPass } from '../harness/agesPass.ts';
import { jobsClient } from '../harness/jobsClient.ts';

const script = path.join(repositoryRoot, 'libs', 'worker', 'testing', 'trialWorker.ts');
const ROUNDS = 3;

let system: RunningSystem;

beforeAll(async () => {
  system = await startSystem(await scratchDataFolder('sleeps'), { JOBS_MAX_AGE: '2s' });
});

afterAll(() => system.stop());

async function startWorker(): Promise<TestProcess> {
  const env = { NATS_URL: system.nats, SLOT_WAIT_MS: '100' };
  const worker = TestProcess.node(script, { env, ipc: false });
  await worker.logged('ready');
  return worker;
}

/** Its supervisor starts it again. */
async function kill(command: string): Promise<void> {
  for (const pid of await system.pidsOf(command)) process.kill(pid, 'SIGKILL');
}

test('a job that sleeps three times goes on although the log has expired and all processes have died meanwhile', async () => {
  const jobs = jobsClient(system.api);
  const notes = path.join(await scratchDataFolder('sleeps'), 'notes');
  const done = async () => (await readFile(notes, 'utf8').catch(() => '')).split('\n').filter(Boolean);
  let worker = await startWorker();
  const { id } = await jobs.create({ type: 'trial', payload: { notes, ms: 6_000, rounds: ROUNDS } });
  for (let round = 1; round <= ROUNDS; round++) {
    await eventually(async () => {
      expect(await done()).toHaveLength(round);
      expect(await jobs.job(id)).toMatchObject({ status: 'waiting', attempt: 1 });
    });
    worker.kill('SIGKILL');
    const nats = await connect(system.operator);
    await agesPass({ api: system.api, nats }, 1);
    await nats.close();
    expect((await jobs.events(id)).map(({ event }) => event)).toContain('JobCarriedWaiting');
    for (const command of ['nats-server', 'bin/postgres', 'apps/projector/', 'apps/api/']) await kill(command);
    // Without a worker the job cannot get on: so its next sleep, which is short, begins when the API can show it.
    await eventually(() => jobs.job(id));
    worker = await eventually(startWorker);
  }
  await eventually(async () => expect(await jobs.job(id)).toMatchObject({ status: 'completed', attempt: 1 }));
  expect(await done()).toEqual(['round 1', 'round 2', 'round 3', 'end']);
  await worker[Symbol.asyncDispose]();
});
