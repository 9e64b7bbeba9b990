import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { JobstreamClient } from '@jobstream/client';
import { repositoryRoot } from '@jobstream/servers';
import { eventually, scratchDataFolder, TestProcess } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';

let project: string;
let dataDir: string;

beforeAll(async () => {
  dataDir = await scratchDataFolder('handlers');
  project = await mkdtemp(path.join(os.tmpdir(), 'jobstream-handlers-'));
  await symlink(path.join(repositoryRoot, 'node_modules'), path.join(project, 'node_modules'));
  await writeFile(path.join(project, 'package.json'), '{"type": "module"}');
  await mkdir(path.join(project, 'jobs'));
});
afterAll(async () => {
  await rm(project, { recursive: true });
  await rm(dataDir, { recursive: true, force: true });
});

/** Writes a handler that returns which code it is of, as soon as a file exists. */
function writeHandler(code: number, awaited: string): Promise<void> {
  const source = `import { existsSync } from 'node:fs';
    import { setTimeout as pause } from 'node:timers/promises';
    import { defineJob } from '@jobstream/client';
    import { createWorker } from '@jobstream/worker';
    import { z } from 'zod';
    const thumbnail = defineJob('thumbnail', { payload: z.object({}) });
    export const worker = createWorker().handle(thumbnail, async (): Promise<{ code: number }> => {
      while (!existsSync(${JSON.stringify(path.join(project, awaited))})) await pause(10);
      return { code: ${code} };
    });`;
  return writeFile(path.join(project, 'jobs', 'thumbnail.ts'), source);
}

function start(): TestProcess {
  const env = { ...process.env, INIT_CWD: project, PORT: '0', DEV_NATS_PORT: '0', LOG_LEVEL: undefined };
  const args = ['--data-dir', dataDir, '--handlers', 'jobs'];
  return TestProcess.node(path.join(import.meta.dirname, 'start.ts'), { env, args, ipc: false });
}

test('a handler that is edited while a job runs: the job finishes with the old code, and the next runs the new', async () => {
  await writeHandler(1, 'first');
  await using system = start();
  await system.wrote('handlers run: thumbnail');
  const url = /ready: (http\S+)/.exec(system.output)?.[1] ?? '';
  const { jobs } = new JobstreamClient({ url, jobWarnings: false });
  const first = await jobs.create({ type: 'thumbnail', payload: {} });
  const isRunning = async (id: string) => expect(await jobs.get(id)).toMatchObject({ status: 'processing' });
  await eventually(() => isRunning(first.id));

  await writeFile(path.join(project, 'jobs', 'thumbnail.ts'), 'not a program');
  await system.wrote('the handlers ended (exit code 1); waiting for a change of their code');
  await writeHandler(2, 'jobs');
  await system.wrote('handlers run: thumbnail', 2);
  const second = await jobs.create({ type: 'thumbnail', payload: {} });
  await eventually(async () => expect(await jobs.get(second.id)).toMatchObject({ result: { code: 2 } }));
  await isRunning(first.id);

  await writeHandler(3, 'third');
  await system.wrote('handlers run: thumbnail', 3);
  const third = await jobs.create({ type: 'thumbnail', payload: {} });
  await eventually(() => isRunning(third.id));
  await writeFile(path.join(project, 'first'), '');
  await system.wrote(`thumbnail ${first.id} completed`);
  // The worker says it when the log has it; the table follows.
  await eventually(async () => expect(await jobs.get(first.id)).toMatchObject({ result: { code: 1 }, attempt: 1 }));

  system.kill('SIGINT');
  await system.wrote('the handlers finish their running jobs; Ctrl-C again ends them at once');
  await writeFile(path.join(project, 'third'), '');
  expect(await system.ended).toBe(0);
  expect(system.output).toContain(`thumbnail ${third.id} completed`);
});

test('a place without handlers is refused before anything is started', async () => {
  await rm(path.join(project, 'jobs', 'thumbnail.ts'), { force: true });
  await using system = start();
  expect(await system.ended).toBe(1);
  expect(system.output).toBe(
    `--handlers ${path.join(project, 'jobs')} has no modules: expected files such as thumbnail.ts.\n`,
  );
});
