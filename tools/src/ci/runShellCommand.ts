import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

export interface CommandSurroundings {
  readonly folder: string;
  readonly writeLine: (line: string) => void;
  /** Ends the command and all that it has started. */
  readonly stop: AbortSignal;
  /** Told the process, so that somebody can end it when we cannot. */
  readonly started: (pid: number) => void;
}

const killAfterMs = 30_000;

/**
 * Runs a command of the shell to its end; passes on the lines of its two outputs and answers the last one of stdout that
 * says something.
 */
export async function runShellCommand(command: string, { folder, writeLine, stop, started }: CommandSurroundings) {
  // A process group of its own: all of the command can be ended at once, and a Ctrl-C reaches us alone.
  const child = spawn(command, {
    shell: true,
    cwd: folder,
    env: environment(),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`no shell can be started for ${command}`);
  started(pid);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const ended = new AbortController();
  stop.addEventListener('abort', () => void endGroup(pid, ended.signal), { signal: ended.signal });
  const [lastLine] = await Promise.all([passOn(child.stdout, writeLine), passOn(child.stderr, writeLine)]);
  const [code] = await closed;
  ended.abort();
  return { lastLine, code: code ?? 1 };
}

/**
 * With CI set, what a test needs and the machine lacks is a failure and no reason to skip. npm would write headlines, and
 * after the last line the news of its own versions.
 */
function environment(): NodeJS.ProcessEnv {
  return { ...process.env, CI: 'true', npm_config_loglevel: 'silent', npm_config_update_notifier: 'false' };
}

async function passOn(output: Readable, writeLine: (line: string) => void): Promise<string> {
  let last = '';
  for await (const line of createInterface({ input: output })) {
    writeLine(line);
    if (line.trim() !== '') last = line;
  }
  return last;
}

async function endGroup(pid: number, ended: AbortSignal): Promise<void> {
  signalGroup(pid, 'SIGTERM');
  await pause(killAfterMs, undefined, { signal: ended }).catch(() => {});
  if (!ended.aborted) signalGroup(pid, 'SIGKILL');
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // it ended in between
  }
}
