import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from '@jobstream/testing';

/** A projector process. It also ends when this process does, because it hangs on its IPC channel. */
export interface ProjectorProcess extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when a line with this text has been logged as often as told; once unless told. */
  logged(text: string, times?: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** The exit code, or the signal that ended the process. */
  readonly ended: Promise<number | string>;
}

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** Starts a projector process; `env` is all of its environment. */
export function spawnProjector(env: Record<string, string>): ProjectorProcess {
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const lines = linesOf(child);
  const ended = once(child, 'exit').then(([code, signal]: unknown[]) => (code ?? signal) as number | string);
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => void child.kill(signal),
    logged: (text, times = 1) => eventually(() => assertLogged(lines, text, times), { timeoutMs: 40_000 }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function linesOf({ stdout, stderr }: ChildProcess): readonly string[] {
  const lines: string[] = [];
  for (const input of [stdout, stderr]) {
    if (input !== null) createInterface({ input }).on('line', (line) => lines.push(line));
  }
  return lines;
}

function assertLogged(lines: readonly string[], text: string, times: number): void {
  if (lines.filter((line) => line.includes(text)).length >= times) return;
  throw new Error(`expected the projector to log "${text}" ${times} times, but it logged:\n${lines.join('\n')}`);
}
