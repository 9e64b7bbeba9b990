import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { identify } from './processIdentity.ts';
import type { ProcessIdentity } from './processIdentity.ts';

export interface GuardedProcess extends ProcessIdentity {
  /** Apps are ended before servers. */
  role: 'app' | 'server';
  signal: NodeJS.Signals;
}

export type GuardOrder = { watch: GuardedProcess } | { forget: number } | { remove: string };

/**
 * A small process of its own that outlives us when we are killed without warning: it holds a pipe to us, knows the
 * processes that we started, and ends them when the pipe closes.
 */
export class Guard {
  #child: ChildProcess | undefined;

  start(): void {
    if (this.#child !== undefined) return;
    const program = path.join(import.meta.dirname, 'guardProcess.ts');
    // Detached: a Ctrl-C or a kill aimed at our process group must not reach it.
    const child = spawn(process.execPath, [program], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    child.on('error', () => {}); // without a guard everything works, only not after a kill -9
    child.stdin.on('error', () => {});
    child.unref();
    unrefPipe(child.stdin);
    this.#child = child;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  watch(pid: number, role: GuardedProcess['role'], signal: NodeJS.Signals): void {
    const identity = identify(pid);
    if (identity !== undefined) this.#send({ watch: { ...identity, role, signal } });
  }

  forget(pid: number): void {
    this.#send({ forget: pid });
  }

  /** Deletes a scratch folder at the end, after the processes. */
  remove(folder: string): void {
    this.#send({ remove: folder });
  }

  /** Tells the guard that we are done; it ends what it still watches and goes. */
  stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      child.ref();
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
      child.stdin?.end();
    });
  }

  #send(order: GuardOrder): void {
    this.#child?.stdin?.write(`${JSON.stringify(order)}\n`);
  }
}

function unrefPipe(pipe: object): void {
  if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
}
