import { readFile } from 'node:fs/promises';
import { repositoryRoot } from '@jobstream/servers';
import { TestProcess } from '@jobstream/test-support';

export interface TaskResult {
  readonly code: number | string;
  readonly seconds: number;
  readonly output: string;
}

/** Runs `npm run rebuild`, `verify` and so on as a user does; `killAfterMs` kills its process with -9. */
export async function runTask(
  name: 'archive' | 'migrate' | 'rebuild' | 'verify',
  args: readonly string[],
  { dataDir, killAfterMs }: { dataDir: string; killAfterMs?: number },
): Promise<TaskResult> {
  const started = performance.now();
  const options = { cwd: repositoryRoot, env: process.env, args: [...args, '--data-dir', dataDir], ipc: false };
  await using task = TestProcess.node(`tools/${name}.ts`, options);
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
