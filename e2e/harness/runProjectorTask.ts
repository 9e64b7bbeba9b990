import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';

/** Runs a task of the projector to its end; `env` is all of its environment. */
export async function runProjectorTask(
  task: 'archive' | 'rebuild' | 'verify',
  env: Record<string, string>,
  args: readonly string[] = [],
): Promise<{ code: number | null; output: string }> {
  const script = path.join(repositoryRoot, 'apps', 'projector', 'src', task, 'main.ts');
  const child = spawn(process.execPath, [script, ...args], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (output += data.toString()));
  await once(child, 'close');
  return { code: child.exitCode, output };
}
