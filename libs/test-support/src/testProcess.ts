import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { guardOfThisProcess } from './guardOfThisProcess.ts';

export interface TestProcessOptions {
  /** The whole environment of the process, except Node's compile cache, which is that of this process. */
  readonly env: NodeJS.ProcessEnv;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Makes the process the leader of a group: signals go to the whole group. */
  readonly group?: boolean;
  /** False omits the IPC channel, whose end stops our apps. */
  readonly ipc?: boolean;
}

/** A line of output: the parsed log record, or a line of text as `msg`. */
export interface OutputLine {
  readonly msg: string;
  readonly worker?: string;
}

const TIMEOUT_MS = 240_000;
const { NODE_COMPILE_CACHE } = process.env;
const COMPILE_CACHE = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };

/**
 * A child process under test: collects what it writes and sends, is killed at the end of its scope, and does not outlive
 * the test process.
 */
export class TestProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves to the exit code or the signal when the process and its output have ended. */
  readonly ended: Promise<number | string>;
  /** Messages received over the IPC channel. */
  readonly messages: unknown[] = [];
  /** The complete lines of both streams. */
  readonly lines: OutputLine[] = [];
  /** Both streams, in the order of arrival. */
  output = '';
  stdout = '';
  stderr = '';
  readonly #group: boolean;
  readonly #news = new EventEmitter().setMaxListeners(0);
  #hasEnded = false;

  /** Starts a program with its arguments. */
  constructor(command: string, { env, args = [], cwd, group = false, ipc = true }: TestProcessOptions) {
    const stdio = ['ignore', 'pipe', 'pipe', ...(ipc ? ['ipc' as const] : [])] as const;
    this.child = spawn(command, args, {
      env: { ...COMPILE_CACHE, ...env },
      detached: group,
      stdio: [...stdio],
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.child.on('message', (message) => this.messages.push(message));
    this.pid = this.child.pid ?? 0;
    this.#group = group;
    if (this.pid !== 0) guardOfThisProcess().watch(this.pid, 'app', 'SIGKILL');
    this.ended = this.#end(['stdout', 'stderr'].map((name) => this.#collect(name as 'stdout' | 'stderr')));
  }

  /** Starts a script with Node. */
  static node(script: string, options: TestProcessOptions): TestProcess {
    return new TestProcess(process.execPath, { ...options, args: [script, ...(options.args ?? [])] });
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    if (this.isRunning) process.kill(this.#group ? -this.pid : this.pid, signal);
  }

  /** Resolves when the output has `text` at least `times` times; rejects after 240 s, or at its end. */
  wrote(text: string, times = 1): Promise<void> {
    return this.#until(`write "${text}" ${times} times`, () => this.output.split(text).length > times);
  }

  /** Resolves to the first match in the output; rejects at its end, or after `timeoutMs`, which only a process that hangs reaches. */
  async matched(pattern: RegExp, timeoutMs: number): Promise<readonly string[]> {
    await this.#until(`write ${pattern}`, () => pattern.test(this.output), timeoutMs);
    return pattern.exec(this.output) ?? [];
  }

  /** Resolves when a line with exactly this message has been logged; rejects after 240 s, or at its end. */
  logged(message: string): Promise<void> {
    return this.#until(`log "${message}"`, () => this.lines.some(({ msg }) => msg === message));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.ended;
  }

  async #until(wish: string, isFulfilled: () => boolean, timeoutMs = TIMEOUT_MS): Promise<void> {
    const late = AbortSignal.timeout(timeoutMs);
    while (!isFulfilled()) {
      // A process that has ended writes no more.
      const news = this.#hasEnded
        ? Promise.reject(new Error('it has ended'))
        : once(this.#news, 'output', { signal: late });
      await news.catch((cause: unknown) => {
        throw new Error(`expected the process to ${wish}, but it wrote:\n${this.output}`, { cause });
      });
    }
  }

  async #collect(name: 'stdout' | 'stderr'): Promise<void> {
    const stream = this.child[name]?.setEncoding('utf8');
    stream?.on('data', (text: string) => {
      this[name] += text;
      this.output += text;
      this.#news.emit('output');
    });
    if (!stream) return;
    createInterface({ input: stream }).on('line', (line) => {
      this.lines.push(parse(line));
      this.#news.emit('output');
    });
    await once(stream, 'end');
  }

  // Not the event `close`, which is not emitted after `disconnect`.
  async #end(streams: readonly Promise<void>[]): Promise<number | string> {
    const [[code, signal]] = (await Promise.all([once(this.child, 'exit'), ...streams])) as [[number | null, string]];
    guardOfThisProcess().forget(this.pid);
    this.#hasEnded = true;
    this.#news.emit('output');
    return code ?? signal;
  }
}

/** Parses a line of output; a line that a kill has truncated is not JSON. */
function parse(line: string): OutputLine {
  try {
    return JSON.parse(line.startsWith('{') ? line : '') as OutputLine;
  } catch {
    return { msg: line };
  }
}
