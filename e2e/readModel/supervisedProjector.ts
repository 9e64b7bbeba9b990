import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SeededRandom } from '../chaos/seededRandom.ts';

const main = fileURLToPath(new URL('../../apps/projector/src/main.ts', import.meta.url));

/** Below and above the 10 s after which Postgres takes a frozen process for dead. */
const SHORT_MS = 3_000;
const LONG_MS = 14_000;
const KILL_SHARE = 0.5;
const LONG_SHARE = 0.3;

export interface SupervisorOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly random: SeededRandom;
  /** The longest time between two faults. */
  readonly calmMs: number;
  readonly stop: AbortSignal;
}

/** A projector process that is killed or frozen again and again, and started again when it is gone. */
export class SupervisedProjector {
  kills = 0;
  freezes = 0;
  /** Ends that nobody asked for, with what was said last. */
  readonly faults: string[] = [];
  readonly #options: SupervisorOptions;
  #child: ChildProcess;
  /** What it said last, whichever process it was. */
  output = '';

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#child = this.#launch();
  }

  /** Breaks it until the signal is aborted; it runs then. */
  async run(): Promise<void> {
    const { random, calmMs, stop } = this.#options;
    while (!stop.aborted) {
      await pause(random.int(500, calmMs), undefined, { signal: stop }).catch(() => {}); // the stop ends the pause
      if (stop.aborted) return;
      await (random.chance(KILL_SHARE) ? this.#kill() : this.#freeze());
    }
  }

  async end(): Promise<void> {
    this.#child.removeAllListeners('exit');
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }

  async #kill(): Promise<void> {
    this.kills += 1;
    const killed = this.#child;
    killed.removeAllListeners('exit');
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    await pause(this.#options.random.int(0, 2_000));
    this.#child = this.#launch();
  }

  async #freeze(): Promise<void> {
    const { random } = this.#options;
    this.freezes += 1;
    this.#child.kill('SIGSTOP');
    await pause(random.chance(LONG_SHARE) ? random.int(SHORT_MS, LONG_MS) : random.int(50, SHORT_MS));
    this.#child.kill('SIGCONT');
  }

  #launch(): ChildProcess {
    // The IPC channel ends it with this process.
    const child = spawn(process.execPath, [main], { env: this.#options.env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    const hear = (text: Buffer) => (this.output = (this.output + text.toString()).slice(-2_000));
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', hear);
    child.once('exit', (code, signal) => {
      this.faults.push(`a projector ended by itself (${code ?? signal}): ${this.output.trim().split('\n').at(-1)}`);
      this.#child = this.#launch();
    });
    return child;
  }
}
