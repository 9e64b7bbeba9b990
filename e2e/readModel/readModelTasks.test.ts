import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { scratchDataFolder, startSystem } from '@jobstream/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobsClient } from '../harness/jobsClient.ts';
import { runTask } from './runTask.ts';

let dataDir: string;

beforeAll(async () => {
  dataDir = await scratchDataFolder('tasks');
});

afterAll(() => rm(dataDir, { recursive: true, force: true }));

test('rebuild and verify find the system that runs on the data folder, and start its servers when none does', async () => {
  {
    await using system = await startSystem(dataDir);
    const jobs = jobsClient(system.api);
    const job = await jobs.create({ type: 'sleep', payload: { durationMs: 1 } });
    await jobs.reaches(job.id, 'completed');
    expect((await stat(path.join(dataDir, 'addresses.json'))).mode & 0o077).toBe(0);
    expect(await runTask('rebuild', [], { dataDir })).toMatchObject({
      code: 0,
      output: expect.stringContaining('equal in 1 jobs'),
    });
    expect(await jobs.job(job.id)).toMatchObject({ status: 'completed' });
  }
  const verified = await runTask('verify', [], { dataDir });
  expect(verified).toMatchObject({ code: 0, output: expect.stringContaining('matches the log') });
  expect(await runTask('rebuild', ['--rollback'], { dataDir })).toMatchObject({ code: 0 });
}, 90_000);
