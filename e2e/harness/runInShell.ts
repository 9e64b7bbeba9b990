import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { repositoryRoot } from '@jobstream/servers';

export interface ShellRun {
  /** Sends a signal to everything that it runs, as Ctrl-C does. */
  kill(signal: NodeJS.Signals): void;
  /** What it has written so far, both streams as they came. */
  output(): string;
  /** Resolves to its exit code. */
  readonly ended: Promise<number | string>;
}

export interface ShellOptions {
  /** All of its environment. */
  readonly env: Record<string, string>;
  /** Ends it, with all that it has started. */
  readonly signal: AbortSignal;
}

/** Runs commands in Bash at the root of the repository as an operator types them. */
export function runInShell(commands: string, { env, signal }: ShellOptions): ShellRun {
  const args = ['-euo', 'pipefail', '-c', commands];
  const child = spawn('bash', args, { cwd: repositoryRoot, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  const kill = (name: NodeJS.Signals) => void (child.pid !== undefined && process.kill(-child.pid, name));
  const onAbort = () => kill('SIGKILL');
  signal.addEventListener('abort', onAbort);
  const ended = once(child, 'close').then(([code, name]: unknown[]) => {
    signal.removeEventListener('abort', onAbort);
    return (code ?? name) as number | string;
  });
  return { kill, output: () => output, ended };
}
