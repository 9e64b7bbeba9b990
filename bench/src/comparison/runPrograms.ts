import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eventually, TestProcess } from '@jobstream/test-support';
import { programText } from './comparedSystem.ts';
import type { ApiAnswer, ComparedServers } from './comparedServers.ts';
import { compilerErrors, type UserProject } from './userProject.ts';

/** What was seen when the programs of one system ran. */
export interface ProgramRun {
  readonly node: string;
  /** The result of a job. */
  readonly result: unknown;
  /** Whether a job that was enqueued before a worker had ever run was done once one ran. */
  readonly keepsEarlierJobs: boolean;
  /** Whether a producer of a wrong payload fails to compile, and whether it is refused when it runs all the same. */
  readonly wrongPayload: { readonly compiles: boolean; readonly enqueues: boolean };
  /** What the HTTP API answers to such a payload while the worker runs, where there is one. */
  readonly wrongRequest?: ApiAnswer;
  /** The exit code of the worker after SIGTERM, or the signal where it has ended the process. */
  readonly afterSigterm: number | string;
}

/** The Node that runs programs. */
export interface NodeProgram {
  readonly version: string;
  readonly binary: string;
}

const WRONG = 'wrong.ts';
/** What the job of each producer comes to. */
const EXPECTED = { bytes: 5_400 };

/** Runs worker and producer of a project on its servers. */
export async function runPrograms(
  project: UserProject,
  servers: ComparedServers,
  node: NodeProgram,
): Promise<ProgramRun> {
  const start = (file: string) =>
    new TestProcess(node.binary, {
      args: [file],
      cwd: project.folder,
      env: { PATH: process.env['PATH'], ...servers.env },
      ipc: false,
    });
  await endsWell(start('producer.ts'));
  await using worker = start('worker.ts');
  const keepsEarlierJobs = await waitForResults(1, servers, worker).then(
    () => true,
    () => false,
  );
  await endsWell(start('producer.ts'));
  const results = await waitForResults(keepsEarlierJobs ? 2 : 1, servers, worker);
  for (const result of results) assert.deepEqual(result, EXPECTED);
  const wrongPayload = await tryWrongPayload(project, () => start(WRONG));
  const wrongRequest = await servers.postWrongPayload?.();
  worker.kill('SIGTERM');
  return {
    node: node.version,
    result: results[0],
    keepsEarlierJobs,
    wrongPayload,
    ...(wrongRequest === undefined ? {} : { wrongRequest }),
    afterSigterm: await worker.ended,
  };
}

async function endsWell(program: TestProcess): Promise<void> {
  const code = await program.ended;
  if (code !== 0) throw new Error(`the producer ended with ${code}:\n${program.output}`);
}

function waitForResults(count: number, servers: ComparedServers, worker: TestProcess): Promise<readonly unknown[]> {
  return eventually(
    async () => {
      const results = await servers.results(worker.output);
      if (results.length < count) throw new Error(`${results.length} of ${count} jobs are done:\n${worker.output}`);
      return results;
    },
    { timeoutMs: 30_000 },
  );
}

async function tryWrongPayload(
  project: UserProject,
  start: () => TestProcess,
): Promise<{ compiles: boolean; enqueues: boolean }> {
  const file = path.join(project.folder, WRONG);
  const producer = programText(project.system, 'producer.ts');
  await writeFile(file, producer.replace('width: 200', "width: 'wide'"));
  const compiles = (await compilerErrors(project, [WRONG])) === '';
  await writeFile(file, producer.replace('width: 200', "width: 'wide' as never"));
  return { compiles, enqueues: (await start().ended) === 0 };
}
