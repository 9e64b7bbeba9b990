import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from '@jobstream/testing';

/** A worker process. It also ends when this process does, because it hangs on its IPC channel. */
export interface WorkerProcess extends AsyncDisposable {
  /** The log lines so far; text that is no JSON has only a `msg`. */
  readonly lines: readonly { readonly msg: string; readonly worker?: string }[];
  /** Resolves when a line with this message has come. */
  logged(msg: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** The exit code, or the signal that ended the process. */
  readonly ended: Promise<number | string>;
}

/** Starts the shipped worker as a process, or one from a script beside this file; `env` is its whole environment. */
export function spawnWorker(env: Record<string, string>, script = '../src/main.ts'): WorkerProcess {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const lines: { msg: string }[] = [];
  for (const input of [child.stdout, child.stderr]) {
    if (input !== null) createInterface({ input }).on('line', (line) => lines.push(parse(line)));
  }
  const ended = once(child, 'exit').then(([code, signal]: unknown[]) => (code ?? signal) as number | string);
  return {
    lines,
    ended,
    kill: (signal) => void child.kill(signal),
    logged: (msg) => eventually(() => assertLogged(lines, msg), { timeoutMs: 40_000 }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function assertLogged(lines: readonly { msg: string }[], msg: string): void {
  if (lines.some((line) => line.msg === msg)) return;
  throw new Error(
    `expected the worker to log "${msg}", but it logged ${JSON.stringify(lines.map((line) => line.msg))}`,
  );
}

function parse(line: string): { msg: string } {
  return line.startsWith('{') ? (JSON.parse(line) as { msg: string }) : { msg: line };
}
