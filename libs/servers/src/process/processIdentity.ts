import { execFileSync } from 'node:child_process';
import { readFileSync, existsSync, readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Identifies a process by its id and start time, since the system reuses ids. */
export interface ProcessIdentity {
  pid: number;
  startedAt: string;
}

/** Returns the identity of a running process; undefined if there is none, or only a zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Returns whether that process still runs. */
export function isRunning({ pid, startedAt }: ProcessIdentity): boolean {
  return identify(pid)?.startedAt === startedAt;
}

/** Sends a signal if that process still runs; returns false if it has ended. */
function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    return false; // it has just ended, or belongs to another user
  }
}

/** Ends a process that need not be a child: sends `signal`, and SIGKILL after `graceMs` milliseconds. */
export async function endProcess(identity: ProcessIdentity, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  if (!signalProcess(identity, signal)) return;
  signalProcess(identity, 'SIGCONT'); // a paused process handles no other signal
  if (await goneWithin(identity, graceMs)) return;
  signalProcess(identity, 'SIGKILL');
  await goneWithin(identity, 5_000);
}

async function goneWithin(identity: ProcessIdentity, milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (isRunning(identity)) {
    if (Date.now() > deadline) return false;
    await pause(20);
  }
  return true;
}

function startOnLinux(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The name in parentheses may itself contain spaces and parentheses: fields are counted from the last one.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const [state, start] = [fields[0], fields[19]];
    return state === 'Z' || state === 'X' || start === undefined ? undefined : `${boot}:${start}`;
  } catch {
    return undefined;
  }
}

function startByPs(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/**
 * Resolves when a process that was sent SIGSTOP has stopped or ended. The signal goes to one of its threads; until that
 * thread runs, on a busy machine some milliseconds, the others continue and may still respond.
 */
export async function untilStopped(pid: number): Promise<void> {
  // Twice, since a thread may start or end while the others are checked.
  while (!(hasStopped(pid) && hasStopped(pid))) await pause(1);
}

function hasStopped(pid: number): boolean {
  if (process.platform !== 'linux') return stateByPs(pid).startsWith('T');
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => /^[TtZX]/.test(stateOnLinux(pid, thread)));
  } catch {
    return !existsSync(`/proc/${pid}`);
  }
}

function stateOnLinux(pid: number, thread: string): string {
  return readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8').split(') ').at(-1) ?? '';
}

function stateByPs(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return 'T'; // it has ended
  }
}
