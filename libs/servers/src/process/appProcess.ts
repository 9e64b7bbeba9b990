import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Guard } from './guard.ts';
import { readOutput } from './readRecords.ts';

interface AppOptions {
  name: string;
  /** The program: a file that Node runs. */
  script: string;
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Receives each line that the app writes, those of a record together. */
  onLine: (line: string) => void;
  graceMs: number;
  guard?: Guard | undefined;
}

/** Thrown when an app ends before it is ready. */
export class AppEndedError extends Error {
  readonly code = 'APP_ENDED';
  readonly exitCode: number | null;

  constructor(message: string, exitCode: number | null) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Runs an app as a child process, which sends `ready` over the IPC channel and exits when that channel closes. */
export class AppProcess {
  readonly #options: AppOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #expected = false;

  /** Called when the app ends unexpectedly after it was ready. */
  onUnexpectedExit: (how: string) => void = () => {};

  constructor(options: AppOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Starts the app; resolves when it is ready.
   *
   * @throws AppEndedError when it ends before.
   */
  start(): Promise<void> {
    const { name, script, cwd, env, onLine, guard } = this.#options;
    // Detached: Ctrl-C must reach only the supervisor, which then stops the apps in order.
    const child = spawn(process.execPath, [script], {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    if (child.pid !== undefined) guard?.watch(child.pid, 'app', 'SIGTERM');
    readOutput(child, onLine);
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

  /** Stops the app, and kills it after the grace time. Can be called again. */
  async stop(): Promise<void> {
    this.#expected = true;
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGTERM');
    child.kill('SIGCONT'); // a paused process handles no other signal
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#options.graceMs);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Sends a signal; with SIGKILL (the default) resolves when the app has ended. */
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
