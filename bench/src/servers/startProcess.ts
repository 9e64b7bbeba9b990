import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { guardOfThisProcess } from '@jobstream/test-support';

export interface StartedProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

export interface ProcessOptions {
  readonly env: NodeJS.ProcessEnv;
}

/** Starts a program that ends with this process; what it says on standard error is shown. */
export async function startProcess(
  command: string,
  args: readonly string[],
  { env }: ProcessOptions,
): Promise<StartedProcess> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} did not start`);
  guardOfThisProcess().watch(pid, 'server', 'SIGTERM');
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
    guardOfThisProcess().forget(pid);
  };
  return { pid, stop };
}
