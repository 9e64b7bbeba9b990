import { mkdtempDisposable, readdir, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { scratchDataFolder, startSystem } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobsClient } from '../harness/jobsClient.ts';
import { runTask } from './runTask.ts';

let dataDir: string;

beforeAll(async () => {
  dataDir = await scratchDataFolder('tasks');
});

afterAll(() => rm(dataDir, { recursive: true, force: true }));

test('the tasks find the system that runs on the data folder, and start its servers when none does', async () => {
  const archive = path.join(dataDir, 'elsewhere');
  {
    await using system = await startSystem(dataDir, { ARCHIVE: archive });
    const jobs = jobsClient(system.api);
    const job = await jobs.create({ type: 'sleep', payload: { durationMs: 1 } });
    await jobs.reaches(job.id, 'completed');
    expect((await stat(path.join(dataDir, 'addresses.json'))).mode & 0o077).toBe(0);
    expect(await runTask('rebuild', [], { dataDir })).toMatchObject({
      code: 0,
      output: expect.stringContaining('equal in 1 job'),
    });
    expect(await jobs.job(job.id)).toMatchObject({ status: 'completed' });
    expect(await runTask('migrate', [], { dataDir })).toMatchObject({
      code: 0,
      output: 'The database is up to date.\nThe streams are there.\n',
    });
  }
  const verified = await runTask('verify', [], { dataDir });
  expect(verified).toMatchObject({
    code: 0,
    output: expect.stringMatching(/matches the log at sequence (\d+) of \1: 1 job\./),
  });
  expect(await runTask('archive', ['--now'], { dataDir })).toMatchObject({ code: 0 });
  expect(await readdir(archive)).not.toEqual([]); // it knows with which ARCHIVE the system was started
  expect(await runTask('rebuild', ['--rollback'], { dataDir })).toMatchObject({ code: 0 });

  await rm(path.join(dataDir, 'postgres'), { recursive: true });
  expect(await runTask('verify', [], { dataDir })).toMatchObject({
    code: 1,
    output: expect.stringContaining('The table is empty, and the log is not'),
  });
});

test('where no system was ever started, verify fails with a sentence and starts none', async () => {
  await using folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-empty-'));
  expect(await runTask('verify', [], { dataDir: folder.path })).toMatchObject({
    code: 1,
    output: `No system was ever started on ${folder.path}: name its data folder with --data-dir, or its servers with NATS_URL and DATABASE_URL.\n`,
  });
  expect(await readdir(folder.path)).toEqual([]);
});
