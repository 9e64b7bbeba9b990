import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Guard } from './guard.ts';

interface AppOptions {
  name: string;
  /** The program, a file for Node. */
  script: string;
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Receives each line that the app writes. */
  onLine: (line: string) => void;
  graceMs: number;
  guard?: Guard | undefined;
}

/** The app ended before it was ready. */
export class AppEndedError extends Error {
  readonly code = 'APP_ENDED';
  readonly exitCode: number | null;

  constructor(message: string, exitCode: number | null) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** An app as a child process. It sends `ready` over the IPC channel, and ends itself when that channel closes. */
export class AppProcess {
  readonly #options: AppOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #expected = false;

  /** Called when the app ends after it was ready, unless it was asked to end. */
  onUnexpectedExit: (how: string) => void = () => {};

  constructor(options: AppOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when the app is ready; rejects with an AppEndedError when it ends before. */
  start(): Promise<void> {
    const { name, script, cwd, env, onLine, guard } = this.#options;
    // Detached: Ctrl-C must reach the supervisor alone, which then stops the apps in its order.
    const child = spawn(process.execPath, [script], {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    if (child.pid !== undefined) guard?.watch(child.pid, 'app', 'SIGTERM');
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', onLine);
    }
    this.#expected = false;
    let ready = false;
    const whenReady = new Promise<void>((resolve, reject) => {
      child.on('message', (message) => message === 'ready' && ((ready = true), resolve()));
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        const how = signal ?? `exit code ${code}`;
        reject(new AppEndedError(`${name} ended before it was ready (${how})`, code));
        if (ready && !this.#expected) this.onUnexpectedExit(how);
      });
    });
    this.#exited = new Promise((resolve) => {
      child.once('close', () => resolve());
      child.once('error', () => resolve());
    });
    void this.#exited.then(() => this.#forget(child));
    return whenReady;
  }

  /** Asks the app to end, and kills it after the grace time. Twice is fine. */
  async stop(): Promise<void> {
    this.#expected = true;
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGTERM');
    child.kill('SIGCONT'); // a paused process sees no other signal
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#options.graceMs);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Sends a signal; with SIGKILL (the default) resolves when the app is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (signal === 'SIGKILL') this.#expected = true;
    this.#child?.kill(signal);
    if (signal === 'SIGKILL') await this.#exited;
  }

  #forget(child: ChildProcess): void {
    if (child.pid !== undefined) this.#options.guard?.forget(child.pid);
    if (this.#child === child) this.#child = undefined;
  }
}
