import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { eventually } from '@jobstream/testing';
import { expect, test } from 'vitest';
import { jobsClient } from './jobsClient.ts';
import { startSystem, type RunningSystem } from './startSystem.ts';

const JOBS = 20;

async function createSleeps(system: RunningSystem, durationMs: number): Promise<string[]> {
  const jobs = jobsClient(system.api);
  const create = () => jobs.create({ type: 'sleep', payload: { durationMs } });
  const created = await Promise.all(Array.from({ length: JOBS }, create));
  return created.map(({ id }) => id);
}

test('npm start that is told to stop releases the running jobs, exits with 0, and completes them as first attempts next time', async () => {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'jobstream-npm-stop-'));
  const env = { SHUTDOWN_GRACE_MS: '500' };
  await using first = await startSystem(dataDir, env, ['npm', 'start']);
  const ids = await createSleeps(first, 12_000);
  for (const id of ids) await jobsClient(first.api).reaches(id, 'processing');
  const pids = await first.pidsOf('');
  expect(pids.length).toBeGreaterThan(5);
  expect(await first.stop('SIGTERM')).toBe(0);
  await eventually(() => expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]));

  await using next = await startSystem(dataDir, env);
  const jobs = jobsClient(next.api);
  for (const id of ids) expect(await jobs.reaches(id, 'completed', 'failed')).toMatchObject({ attempt: 1 });
  for (const id of ids) {
    const events = (await jobs.events(id)).filter(({ event }) => event !== 'JobProgressed');
    expect(events.map(({ event, data }) => `${event} ${data.attempt ?? ''}`.trim())).toEqual([
      'JobCreated',
      'JobStarted 1',
      'JobReleased 1',
      'JobStarted 1',
      'JobCompleted 1',
    ]);
  }
  expect(await next.stop()).toBe(0);
  await rm(dataDir, { recursive: true });
}, 180_000);
