import { rm } from 'node:fs/promises';
import path from 'node:path';
import { JobstreamClient, type Job } from '@jobstream/client';
import { type RunningSystem, scratchDataFolder, startSystem, TestProcess } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';

let dataDir: string;
let system: RunningSystem;

beforeAll(async () => {
  dataDir = await scratchDataFolder('populate');
  system = await startSystem(dataDir);
});

afterAll(async () => {
  await system?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

function demo(...args: readonly string[]): TestProcess {
  const env = { ...process.env, DATA_DIR: dataDir };
  return TestProcess.node(path.join(import.meta.dirname, 'demo.ts'), { env, args: [...args], ipc: false });
}

async function jobsOf(client: JobstreamClient, filter: Parameters<JobstreamClient['jobs']['list']>[0]): Promise<Job[]> {
  const jobs = [];
  for await (const job of client.jobs.list(filter)) jobs.push(job);
  return jobs;
}

test('an hour of the shop ends as its plan says, with the fault since the deploy and in one customer alone', async () => {
  await using filling = demo('--populate', '--seconds', '10');
  expect({ code: await filling.ended, stderr: filling.stderr }).toEqual({ code: 0, stderr: '' });
  expect(filling.stdout).toMatch(/webhooks of globex fail since \d{4}-\d\d-\d\dT\S+Z$/mu);
  const client = new JobstreamClient({ url: system.api });
  const failed = await jobsOf(client, { status: 'failed', type: 'order-webhook' });
  expect(failed.length).toBeGreaterThan(5);
  for (const job of failed) {
    expect(job).toMatchObject({ attempt: 3, error: { code: 'ERR_INVALID_URL' } });
    expect(job.tags).toEqual(['customer:globex', 'release:2.4.0']);
  }
  const { items } = await client.failures();
  expect(items.map(({ code, count, name }) => [code ?? name, count])).toEqual(
    expect.arrayContaining([
      ['EENVELOPE', 4],
      ['EFORMAT', 3],
      ['ATTEMPT_TIMEOUT', 2],
      ['VAT_INVALID', 2],
      ['WorkerLost', 1],
    ]),
  );
  expect((await client.stats()).jobs.byType).toMatchObject({
    newsletter: { pending: 14 },
    'order-email': { scheduled: 18, cancelled: 2 },
  });
  const corrected = await jobsOf(client, { type: 'order-email' });
  expect(corrected.filter(({ payload }) => JSON.stringify(payload).includes('jane.doe@mail.example'))).toHaveLength(1);
});

test('without a running system it says what to do', async () => {
  await using filling = TestProcess.node(path.join(import.meta.dirname, 'demo.ts'), {
    env: { ...process.env, DATA_DIR: path.join(dataDir, 'none') },
    args: ['--populate'],
    ipc: false,
  });
  expect(await filling.ended).toBe(1);
  expect(filling.stderr).toContain('run npm start in another terminal');
});

test('a number that makes no sense is refused', async () => {
  await using filling = demo('--populate', '--seconds', 'soon');
  expect(await filling.ended).toBe(64);
  expect(filling.stderr).toBe('--seconds must be a whole number of at least 1, got: soon\n');
});
