import { createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { guardOfThisProcess } from '@jobstream/testing';
import { AppProcess, repositoryRoot } from '@jobstream/servers';

export interface SupervisedAppOptions {
  readonly name: string;
  readonly script: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
}

const RESTART_PAUSE_MS = 300;
const STOP_MS = 12_000;

/** One api, worker or projector: started again whenever it ends, except while a fault holds it down. */
export class SupervisedApp {
  readonly name: string;
  /** How it ended although nobody touched it; a healthy service never does. */
  readonly crashes: string[] = [];
  readonly #options: SupervisedAppOptions;
  readonly #log: WriteStream;
  #process: AppProcess | undefined;
  #ended: (how: string) => void = () => {};
  #ready = Promise.withResolvers<void>();
  #heldDown = true;
  #running: Promise<void> = Promise.resolve();

  constructor(options: SupervisedAppOptions) {
    this.name = options.name;
    this.#options = options;
    this.#log = createWriteStream(options.logFile, { flags: 'a' });
  }

  /** Starts it; resolves when it is ready, which takes as long as its servers are away. */
  start(): Promise<void> {
    this.#heldDown = false;
    this.#ready = Promise.withResolvers<void>();
    this.#running = this.#keepRunning();
    return this.#ready.promise;
  }

  /** Kills it without warning, and keeps it down until it is started. */
  async kill(): Promise<void> {
    this.#heldDown = true;
    this.signal('SIGKILL');
    await this.#running;
  }

  /** Asks it to end in an orderly way, waits, and keeps it down until it is started. */
  async stop(): Promise<void> {
    this.#heldDown = true;
    await this.#process?.stop();
    this.#ended('stopped');
    await this.#running;
  }

  signal(signal: NodeJS.Signals): void {
    const pid = this.#process?.pid;
    if (pid !== undefined) process.kill(pid, signal);
  }

  async #keepRunning(): Promise<void> {
    while (!this.#heldDown) {
      const how = await this.#runOnce();
      if (this.#heldDown) return;
      if (how !== undefined) this.crashes.push(how);
      await pause(RESTART_PAUSE_MS);
    }
  }

  /** How it ended after it had been ready; undefined when it never was, as when its servers are away. */
  async #runOnce(): Promise<string | undefined> {
    const { name, script, env } = this.#options;
    const onLine = (line: string) => void this.#log.write(`${line}\n`);
    const guard = guardOfThisProcess();
    const app = new AppProcess({ name, script, env, cwd: repositoryRoot, onLine, graceMs: STOP_MS, guard });
    const end = new Promise<string>((resolve) => (this.#ended = resolve));
    app.onUnexpectedExit = this.#ended;
    this.#process = app;
    try {
      await app.start();
    } catch {
      return undefined; // its own lines say why
    }
    this.#ready.resolve();
    return end;
  }
}
