import { spawn } from 'node:child_process';
import { once } from 'node:events';

const MARK = 'CHAOS_MOUNTS';

/** Whether file systems may be mounted: what this process mounts goes away with it and its children. */
export function mayMount(env: NodeJS.ProcessEnv): boolean {
  return env[MARK] === 'own';
}

/**
 * Runs the program again in a mount namespace of its own, so that no mount outlives it however it ends, and answers its
 * exit code. Undefined when it runs in one already, or when there can be none: that needs the rights of root.
 */
export async function runWithOwnMounts(env: NodeJS.ProcessEnv): Promise<number | undefined> {
  if (env[MARK] !== undefined || (await exitCode(unshare(['true'], env))) !== 0) return undefined;
  const child = unshare([process.execPath, ...process.argv.slice(1)], { ...env, [MARK]: 'own' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return exitCode(child);
}

function unshare(command: readonly string[], env: NodeJS.ProcessEnv) {
  const stdio = command.length === 1 ? 'ignore' : 'inherit';
  return spawn('unshare', ['--mount', '--propagation', 'private', ...command], { stdio, env });
}

async function exitCode(child: ReturnType<typeof unshare>): Promise<number> {
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } catch {
    return 1; // there is no such program
  }
}
