import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { JobstreamClient } from '@jobstream/client';
import { repositoryRoot } from '@jobstream/servers';
import { eventually, scratchDataFolder, startSystem, TestProcess } from '@jobstream/test-support';
import { isLibrary, type PackedPackage } from '@jobstream/tools';
import type { Check } from '../harness/runChecks.ts';
import type { Runtime } from './programs.ts';
import { inFolder, installInto } from './userProject.ts';

const PROGRAMS = path.join(repositoryRoot, 'examples/comparison/jobstream');
const TIMEOUT_MS = 60_000;

/**
 * The programs of docs/comparison.md: installed into an empty folder and run on a new system, the producer before the
 * worker.
 */
export function comparisonCheck({ name, program }: Runtime, packages: readonly PackedPackage[]): Check {
  return {
    name: `${name} runs the programs of docs/comparison.md in an empty folder`,
    run: () =>
      inFolder(async (folder) => {
        const libraries = packages.filter(({ definition }) => isLibrary(definition));
        await installInto(folder, { fixtures: PROGRAMS, packages: libraries, others: ['zod@4.6.7'] });
        const dataDir = await scratchDataFolder('comparison');
        try {
          await runPrograms(program, { folder, dataDir });
        } finally {
          await rm(dataDir, { recursive: true, force: true });
        }
      }),
  };
}

async function runPrograms(
  program: string,
  { folder, dataDir }: { readonly folder: string; readonly dataDir: string },
): Promise<void> {
  await using system = await startSystem(dataDir);
  const env = { PATH: path.dirname(program), NATS_URL: system.nats, API_URL: system.api };
  const start = (script: string) => new TestProcess(program, { args: [script], cwd: folder, env, ipc: false });
  await using producer = start('producer.ts');
  assert.equal(await producer.ended, 0, producer.output);
  await using worker = start('worker.ts');
  const { jobs } = new JobstreamClient({ url: system.api });
  const job = await eventually(
    async () => {
      const { items } = await jobs.listPage({ type: 'thumbnail', status: 'completed' });
      return items[0] ?? Promise.reject(new Error(`the job was not done; the worker wrote:\n${worker.output}`));
    },
    { timeoutMs: TIMEOUT_MS },
  );
  assert.deepEqual(job.result, { bytes: 5_400 });
  worker.kill('SIGTERM');
  assert.equal(await worker.ended, 0, worker.output);
}
