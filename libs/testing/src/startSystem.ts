import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { repositoryRoot } from '@jobstream/servers';
import { eventually } from './eventually.ts';

/** `npm start` as a user runs it, on free ports, with what it said. */
export interface RunningSystem extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly lines: readonly string[];
  /** Addresses as printed when it was ready. */
  readonly api: string;
  readonly nats: string;
  readonly postgres: string;
  /** The process ids of what it runs now whose command line has this text. */
  pidsOf(text: string): Promise<number[]>;
  /** Ends it with a signal and resolves to its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** The program behind `npm start`, without npm and without the look at what is installed. */
const program: readonly string[] = [process.execPath, 'tools/start.ts'];

/** Starts the whole system on a data folder and waits until it is ready. */
export async function startSystem(
  dataDir: string,
  env: Record<string, string> = {},
  command = program,
): Promise<RunningSystem> {
  const { child, lines } = launch({ DATA_DIR: dataDir, PORT: '0', ...env }, command);
  const address = (pattern: RegExp) =>
    lines.map((line) => pattern.exec(line)?.[1]).find((found) => found !== undefined);
  await eventually(
    () => {
      if (address(/ready: (http\S+)/) === undefined) throw new Error(`not ready:\n${lines.slice(-20).join('\n')}`);
    },
    { timeoutMs: 60_000 },
  );
  await eventually(() => {
    if (address(/(postgres:\S+)/) === undefined) throw new Error('no address of Postgres');
  });
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'exit');
    }
    return child.exitCode;
  };
  return {
    process: child,
    lines,
    api: address(/ready: (http\S+)/) ?? '',
    nats: address(/NATS (nats:\S+)/) ?? '',
    postgres: address(/(postgres:\S+)/) ?? '',
    pidsOf: (text) => descendants(child.pid ?? 0, text),
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

/** Runs `npm start`'s program to its end; for starts that must fail. */
export async function runToEnd(env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const { child, lines } = launch(env);
  await once(child, 'close');
  return { code: child.exitCode, output: lines.join('\n') };
}

function launch(env: Record<string, string>, command = program): { child: ChildProcess; lines: string[] } {
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    cwd: repositoryRoot,
    env: { ...process.env, LOG_FORMAT: 'json', LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  return { child, lines };
}

async function descendants(pid: number, text: string): Promise<number[]> {
  const found: number[] = [];
  for (const child of await childrenOf(pid)) {
    const command = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '');
    if (command.includes(text)) found.push(child);
    found.push(...(await descendants(child, text)));
  }
  return found;
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}
