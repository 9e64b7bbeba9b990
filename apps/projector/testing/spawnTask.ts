import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from '@jobstream/testing';

/** A task of the projector as a process. It also ends when this process does, because it hangs on its IPC channel. */
export interface TaskProcess extends AsyncDisposable {
  /** Resolves when it has written this. */
  wrote(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** The exit code or the signal that ended it, and all that it wrote. */
  readonly ended: Promise<{ how: number | string; output: string }>;
}

/** Starts a task; `env` is all of its environment. */
export function spawnTask(
  name: 'rebuild' | 'verify' | 'archive',
  args: readonly string[],
  env: Record<string, string>,
): TaskProcess {
  const main = fileURLToPath(new URL(`../src/${name}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (output += data.toString()));
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => {
    return { how: (code ?? signal) as number | string, output };
  });
  return {
    ended,
    kill: (signal) => void child.kill(signal),
    wrote: (text) => eventually(() => assertWrote(output, text), { timeoutMs: 40_000, intervalMs: 2 }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function assertWrote(output: string, text: string): void {
  if (!output.includes(text)) throw new Error(`expected the task to write "${text}", but it wrote:\n${output}`);
}
