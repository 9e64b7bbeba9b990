import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, fchmodSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import type { Guard } from './guard.ts';
import { endProcess, identify } from './processIdentity.ts';
import type { ProcessIdentity } from './processIdentity.ts';
import { untilStopped } from './processIdentity.ts';
import { setTimeout as pause } from 'node:timers/promises';

export interface ServerCommand {
  name: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  uid?: number | undefined;
  gid?: number | undefined;
  stopSignal: NodeJS.Signals;
  /** Milliseconds from the signal until it is killed; default 10,000. */
  graceMs?: number;
  /** Receives the output of the server, which therefore does not depend on a pipe to this process. Only its owner reads it. */
  logFile: string;
  /** Records the running process, so that the start after a crash can end it. */
  pidFile: string;
}

const logLimit = 5 * 1024 * 1024;
const GRACE_MS = 10_000;

/** Starts, signals and stops a server program, and ends a leftover of an earlier run before the start. */
export class ServerProcess {
  readonly #guard: Guard | undefined;
  #command: ServerCommand | undefined;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #expected = true;

  /** Called when the server ends unexpectedly. */
  onUnexpectedExit: (how: string) => void = () => {};

  constructor(guard?: Guard) {
    this.#guard = guard;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** Starts the program; resolves when the process exists, before the server responds. */
  async launch(command: ServerCommand): Promise<void> {
    if (this.running) throw new Error(`${command.name} runs already`);
    await endLeftover(command);
    this.#command = command;
    const child = spawnServer(command);
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#ended(child, signal ?? `code ${code}`);
        resolve();
      });
    });
    await once(child, 'spawn');
    this.#child = child;
    this.#expected = true;
    this.#record(child, command);
  }

  /** Call it when the server responds: from then on an end is reported as unexpected. Before, `start` fails instead. */
  answers(): void {
    this.#expected = false;
  }

  /** Sends a signal; waits for the end after SIGKILL, and until all threads have stopped after SIGSTOP. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (signal === 'SIGKILL') this.#expected = true;
    this.#child?.kill(signal);
    if (signal === 'SIGKILL') await this.#exited;
    if (signal === 'SIGSTOP' && this.pid !== undefined) await untilStopped(this.pid);
  }

  /** Stops the server and waits for its end; kills it after its time of grace. Can be called again. */
  async stop(): Promise<void> {
    const [child, command] = [this.#child, this.#command];
    if (child === undefined || command === undefined) return;
    this.#expected = true;
    child.kill(command.stopSignal);
    child.kill('SIGCONT'); // a paused process handles no other signal
    const timer = setTimeout(() => child.kill('SIGKILL'), command.graceMs ?? GRACE_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Returns the last lines of the log, for an error message. */
  logTail(): string {
    try {
      return readFileSync(this.#command?.logFile ?? '', 'utf8')
        .trim()
        .split('\n')
        .slice(-3)
        .join(' | ');
    } catch {
      return 'no log';
    }
  }

  #record(child: ChildProcess, command: ServerCommand): void {
    if (child.pid === undefined) return;
    this.#guard?.watch(child.pid, 'server', command.stopSignal, command.graceMs);
    const identity = identify(child.pid);
    if (identity !== undefined) writeFileSync(command.pidFile, JSON.stringify(identity));
  }

  #ended(child: ChildProcess, how: string): void {
    if (child.pid !== undefined) this.#guard?.forget(child.pid);
    if (this.#command !== undefined) rmSync(this.#command.pidFile, { force: true });
    this.#child = undefined;
    if (!this.#expected) this.onUnexpectedExit(how);
  }
}

function spawnServer({ command, args, env, uid, gid, logFile }: ServerCommand): ChildProcess {
  if ((statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > logLimit) renameSync(logFile, `${logFile}.1`);
  const log = openSync(logFile, 'a', 0o600);
  try {
    fchmodSync(log, 0o600); // also the file of an earlier release
    // Detached: Ctrl-C in the terminal must reach only this process, which ends apps before servers.
    const account = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
    return spawn(command, args, { env, detached: true, stdio: ['ignore', log, log], ...account });
  } finally {
    closeSync(log);
  }
}

/** Ends the server that a killed run left: two servers on one data folder would destroy it. */
export async function endLeftover({
  pidFile,
  stopSignal,
  graceMs = GRACE_MS,
}: Pick<ServerCommand, 'pidFile' | 'stopSignal' | 'graceMs'>): Promise<void> {
  const leftover = readIdentity(pidFile);
  if (leftover !== undefined) await endProcess(leftover, stopSignal, graceMs);
  rmSync(pidFile, { force: true });
}

function readIdentity(pidFile: string): ProcessIdentity | undefined {
  try {
    const { pid, startedAt }: Partial<ProcessIdentity> = JSON.parse(readFileSync(pidFile, 'utf8'));
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : undefined;
  } catch {
    return undefined;
  }
}

interface Readiness {
  /** Resolves when the server responds. */
  probe: () => Promise<void>;
  /** Returns false when the server has ended. */
  alive: () => boolean;
  timeoutMs: number;
}

/** Probes until the server responds; returns false when it has ended or after `timeoutMs` milliseconds. */
export async function waitUntilReady({ probe, alive, timeoutMs }: Readiness): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (alive() && Date.now() < deadline) {
    const ready = await probe().then(
      () => true,
      () => false,
    );
    if (ready) return alive();
    await pause(20);
  }
  return false;
}
