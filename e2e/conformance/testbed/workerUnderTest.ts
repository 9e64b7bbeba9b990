import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { guardOfThisProcess } from '@jobstream/test-support';

const LINES_KEPT = 20;
const STOP_WITHIN_MS = 20_000;

/**
 * A worker as a process of its own, started by any shell command. `exec` makes the program that the command names the
 * process that gets the signals; SIGKILL goes to its whole group.
 */
export class WorkerUnderTest {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #ended: Promise<number | string>;
  #over: number | string | undefined;
  #isReady = false;

  constructor(command: string, env: NodeJS.ProcessEnv) {
    this.#child = spawn('sh', ['-c', `exec ${command}`], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    if (this.#child.pid !== undefined) guardOfThisProcess().watch(this.#child.pid, 'app', 'SIGKILL');
    for (const input of [this.#child.stdout, this.#child.stderr]) {
      if (input !== null) createInterface({ input }).on('line', (line) => this.#keep(line));
    }
    this.#ended = this.#end();
  }

  /** The last lines that it wrote. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  assertReady(): void {
    if (this.#over !== undefined) throw new Error(`the worker ended before it was ready (${this.#over})`);
    if (!this.#isReady) throw new Error('the worker writes no line with the word "ready"');
  }

  /** Sends SIGKILL. */
  async kill(): Promise<void> {
    this.#signalGroup('SIGKILL');
    await this.#ended;
  }

  /** Sends SIGSTOP: like a machine that is out of memory. */
  freeze(): void {
    this.#signalGroup('SIGSTOP');
  }

  thaw(): void {
    this.#signalGroup('SIGCONT');
  }

  /** Sends SIGTERM; rejects unless it exits in time with code 0. */
  async terminate(): Promise<void> {
    if (this.#over !== undefined) return;
    this.#child.kill('SIGTERM');
    const how = await this.#endWithin(STOP_WITHIN_MS);
    if (how !== 0) throw new Error(`after SIGTERM the worker should have ended with exit code 0, but: ${how}`);
  }

  async #endWithin(ms: number): Promise<number | string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`it still ran after ${ms} ms`), ms);
    });
    const how = await Promise.race([this.#ended, late]);
    clearTimeout(timer);
    return how;
  }

  async #end(): Promise<number | string> {
    const [code, signal] = (await once(this.#child, 'close')) as [number | null, string | null];
    this.#over = code ?? signal ?? 'unknown';
    if (this.#child.pid !== undefined) guardOfThisProcess().forget(this.#child.pid);
    return this.#over;
  }

  #keep(line: string): void {
    this.#isReady ||= /\bready\b/.test(line);
    this.#lines.push(line);
    if (this.#lines.length > LINES_KEPT) this.#lines.shift();
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (this.#over !== undefined || this.#child.pid === undefined) return;
    process.kill(-this.#child.pid, signal);
  }
}
