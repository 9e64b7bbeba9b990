import assert from 'node:assert/strict';
import { TestProcess, type RunningSystem } from '@jobstream/test-support';
import { untilAnnounced } from './untilAnnounced.ts';
import { environmentOf, succeeds } from './userProject.ts';

/** How a program of a README is run. */
interface Runnable {
  readonly program: string;
  readonly args: readonly string[];
  /** What the page says that it prints. */
  readonly output?: string | undefined;
}

interface Run {
  readonly folder: string;
  readonly system: RunningSystem;
  /** The job types of the worker. */
  readonly types: readonly string[];
  /** They create jobs for the worker, one after the other, and print what the page says. */
  readonly producers: readonly (Runnable | undefined)[];
  readonly whileItRuns?: () => Promise<void>;
}

/** Runs a worker of a README until the programs have ended that create its jobs. */
export async function runReadmeWorker(runnable: Runnable | undefined, run: Run): Promise<void> {
  assert(runnable !== undefined);
  const options = { cwd: run.folder, env: environmentOf(run.system) };
  await using worker = new TestProcess(runnable.program, { ...options, args: runnable.args, ipc: false });
  await untilAnnounced(run.system, ...run.types);
  await run.whileItRuns?.();
  for (const producer of run.producers) {
    assert(producer?.output !== undefined, 'the README must say what it prints');
    assert.equal(await succeeds(producer.program, producer.args, options), producer.output, worker.output);
  }
  worker.kill('SIGTERM');
  assert.equal(await worker.ended, 0, worker.output);
  // That the API has yet to create the consumers of a new type is as it should be.
  assert.doesNotMatch(worker.output, /is missing/u);
}
