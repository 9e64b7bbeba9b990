import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Resolves when a process that was sent SIGSTOP has stopped, or is gone. The signal goes to one of its threads, and
 * until that one gets the processor, on a busy machine some milliseconds, the others go on and may answer.
 */
export async function untilStopped(pid: number): Promise<void> {
  // Twice, since a thread may start or end while the others are looked at.
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
    return 'T'; // it is gone
  }
}
