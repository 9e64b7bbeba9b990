import { setTimeout as pause } from 'node:timers/promises';
import { AppProcess, repositoryRoot, SupervisedProcess } from '@jobstream/servers';
import { guardOfThisProcess } from '@jobstream/test-support';
import type { SeededRandom } from '../chaos/seededRandom.ts';

/** Below and above the 10 s after which Postgres takes a frozen process for dead. */
const SHORT_MS = 3_000;
const LONG_MS = 14_000;
const KILL_SHARE = 0.5;
const LONG_SHARE = 0.3;
const LINES_KEPT = 20;

export interface FaultOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly random: SeededRandom;
  /** The longest time between two faults. */
  readonly calmMs: number;
  readonly stop: AbortSignal;
}

/** Runs a projector process, and kills or freezes it at random. */
export class ProjectorFaultInjector {
  kills = 0;
  freezes = 0;
  /** The last lines of the projector, over all restarts. */
  readonly lines: string[] = [];
  readonly #options: FaultOptions;
  readonly #projector: SupervisedProcess;

  constructor(options: FaultOptions) {
    this.#options = options;
    const onLine = (line: string) => void this.lines.splice(0, this.lines.push(line) - LINES_KEPT);
    const script = 'apps/projector/src/main.ts';
    const guard = guardOfThisProcess();
    const app = { name: 'projector', script, cwd: repositoryRoot, env: options.env, graceMs: 30_000, onLine, guard };
    this.#projector = new SupervisedProcess(new AppProcess(app), { name: 'projector', startAttempts: Infinity });
  }

  /** The times that the projector ended by itself. */
  get faults(): readonly string[] {
    return this.#projector.crashes.map((how) => `a projector ended by itself (${how})`);
  }

  /** Breaks the projector until the signal is aborted; it runs then. */
  async run(): Promise<void> {
    const { random, calmMs, stop } = this.#options;
    this.#start();
    while (!stop.aborted) {
      await pause(random.int(500, calmMs), undefined, { signal: stop }).catch(() => {}); // the stop ends the pause
      if (stop.aborted) return;
      await (random.chance(KILL_SHARE) ? this.#kill() : this.#freeze());
    }
  }

  end(): Promise<void> {
    return this.#projector.stop();
  }

  /** Does not wait until it is ready: faults hit a projector that is starting as well. */
  #start(): void {
    this.#projector.start().catch((error: unknown) => this.lines.push(String(error)));
  }

  async #kill(): Promise<void> {
    this.kills += 1;
    await this.#projector.kill();
    await pause(this.#options.random.int(0, 2_000));
    this.#start();
  }

  async #freeze(): Promise<void> {
    const { random } = this.#options;
    this.freezes += 1;
    await this.#projector.signal('SIGSTOP');
    await pause(random.chance(LONG_SHARE) ? random.int(SHORT_MS, LONG_MS) : random.int(50, SHORT_MS));
    await this.#projector.signal('SIGCONT');
  }
}
