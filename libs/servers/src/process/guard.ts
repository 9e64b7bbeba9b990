import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { identify } from './processIdentity.ts';
import type { ProcessIdentity } from './processIdentity.ts';
import { programFile } from './programFile.ts';

export interface GuardedProcess extends ProcessIdentity {
  /** The guard ends apps before servers. */
  role: 'app' | 'server';
  signal: NodeJS.Signals;
  /** Milliseconds until it is killed; default 12,000, longer than the grace time of an app, so that it can release its jobs. */
  graceMs?: number | undefined;
}

export type GuardOrder = { watch: GuardedProcess } | { forget: number } | { remove: string };

/**
 * Ends the child processes of this process when this process is killed with SIGKILL. A separate process holds a pipe to
 * this one, has the list of the child processes, and ends them when the pipe closes.
 */
export class Guard {
  #child: ChildProcess | undefined;

  start(): void {
    if (this.#child !== undefined) return;
    const program = programFile('libs/servers/src/process/guardProcess');
    // Detached: a signal to our process group must not reach it.
    const child = spawn(process.execPath, [program], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    child.on('error', () => {}); // without a guard, only the clean-up after a kill -9 is missing
    child.stdin.on('error', () => {});
    child.unref();
    unrefPipe(child.stdin);
    this.#child = child;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  watch(pid: number, role: GuardedProcess['role'], signal: NodeJS.Signals, graceMs?: number): void {
    const identity = identify(pid);
    if (identity !== undefined) this.#send({ watch: { ...identity, role, signal, graceMs } });
  }

  forget(pid: number): void {
    this.#send({ forget: pid });
  }

  /** Makes the guard delete a scratch folder after it has ended the processes. */
  remove(folder: string): void {
    this.#send({ remove: folder });
  }

  /** Stops the guard, which ends the processes that it still watches and exits. */
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
