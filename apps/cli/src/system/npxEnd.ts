import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

interface ProcessInfo {
  readonly parent: number;
  /** As `ps` shows it; npm calls its own `npm exec …`. */
  readonly command: string;
}

const CHECK_EVERY_MS = 500;

/**
 * Calls back when the `npx` that has started this process is gone: one that was killed passes on no signal. A shell that ends is none,
 * so that a system which was started in the background goes on.
 */
export function onNpxEnd(env: NodeJS.ProcessEnv, callback: () => void): void {
  if (env['npm_command'] !== 'exec') return;
  const child = childOfNpx(process.pid, process.ppid);
  if (child === undefined) return;
  const timer = setInterval(() => {
    const parent = child.pid === process.pid ? process.ppid : processInfo(child.pid)?.parent;
    if (parent === child.npx) return;
    clearInterval(timer);
    callback();
  }, CHECK_EVERY_MS);
  timer.unref();
}

/** npx starts a command directly, or through a shell that waits for it. */
function childOfNpx(pid: number, parent: number): { readonly pid: number; readonly npx: number } | undefined {
  const info = processInfo(parent);
  if (info === undefined) return undefined;
  if (isNpx(info)) return { pid, npx: parent };
  const above = processInfo(info.parent);
  return above !== undefined && isNpx(above) ? { pid: parent, npx: info.parent } : undefined;
}

function isNpx({ command }: ProcessInfo): boolean {
  return /^npm exec\b|\b(?:npx|npx-cli\.js|npm-cli\.js)\b/u.test(command);
}

function processInfo(pid: number): ProcessInfo | undefined {
  try {
    return existsSync('/proc/self/stat') ? fromProc(pid) : fromPs(pid);
  } catch {
    return undefined; // it has ended
  }
}

function fromProc(pid: number): ProcessInfo {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // After the name, in parentheses, which may have any characters: the state and the parent.
  const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(parent), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') };
}

function fromPs(pid: number): ProcessInfo {
  const text = execFileSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  const [parent = '', ...command] = text.split(/\s+/u);
  return { parent: Number(parent), command: command.join(' ') };
}
