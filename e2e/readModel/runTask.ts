import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { repositoryRoot } from '@jobstream/servers';

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
  // Of the two processes, the one that does the work must die without warning.
  const env = { ...process.env, DATA_DIR: dataDir };
  const child = spawn(process.execPath, [`tools/${name}.ts`, ...args], {
    cwd: repositoryRoot,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => void killWorker(child.pid), killAfterMs);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  return { code: code ?? signal ?? 'gone', seconds: (performance.now() - started) / 1_000, output };
}

async function killWorker(parent: number | undefined): Promise<void> {
  const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8').catch(() => '');
  for (const pid of children.split(' ').filter(Boolean).map(Number)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('projector')) process.kill(pid, 'SIGKILL');
  }
}
