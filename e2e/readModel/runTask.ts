import { readFile } from 'node:fs/promises';
import { repositoryRoot } from '@jobstream/servers';
import { TestProcess } from '@jobstream/testing';

export interface TaskResult {
  readonly code: number | string;
  readonly seconds: number;
  readonly output: string;
}

/** Runs `npm run rebuild` or `npm run verify` as a user does; `killAfterMs` kills its process with -9. */
export async function runTask(
  name: 'rebuild' | 'verify',
  args: readonly string[],
  { dataDir, killAfterMs }: { dataDir: string; killAfterMs?: number },
): Promise<TaskResult> {
  const started = performance.now();
  const env = { ...process.env, DATA_DIR: dataDir };
  await using task = TestProcess.node(`tools/${name}.ts`, { cwd: repositoryRoot, env, args, ipc: false });
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => void killWorker(task.pid), killAfterMs);
  const code = await task.ended;
  clearTimeout(timer);
  return { code, seconds: (performance.now() - started) / 1_000, output: task.output };
}

/** Of the two processes of a task, the one that does the work must die without warning. */
async function killWorker(parent: number): Promise<void> {
  const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8').catch(() => '');
  for (const pid of children.split(' ').filter(Boolean).map(Number)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('projector')) process.kill(pid, 'SIGKILL');
  }
}
