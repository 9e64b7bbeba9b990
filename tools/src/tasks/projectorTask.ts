import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { repositoryRoot, Guard } from '@jobstream/servers';
import { onBootstrapGone } from '../commandLine/onBootstrapGone.ts';
import { stopRequest } from '../commandLine/stopRequest.ts';
import { withServers } from './withServers.ts';

const FAILED = 2;
const writeLine = (_name: string, line: string) => console.error(line);

/**
 * Runs a task of the projector as a process of its own and ends with its exit code; 2 when it could not be run. A Ctrl-C
 * lets it stop in order.
 */
export async function projectorTask(name: 'rebuild' | 'verify' | 'archive', args: readonly string[]): Promise<never> {
  const guard = new Guard();
  guard.start();
  const dataDir = path.resolve(repositoryRoot, process.env['DATA_DIR'] || '.data');
  const stop = stopRequest(() => process.exit(130));
  onBootstrapGone(() => process.kill(process.pid, 'SIGTERM'));
  try {
    const servers = { dataDir, env: process.env, guard, writeLine };
    process.exitCode = await withServers(servers, (env) => runTask(name, args, { env, stop }));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = FAILED;
  }
  await guard.stop();
  process.exit();
}

/** Detached: a Ctrl-C must reach us alone. The task ends by itself when its IPC channel to us closes. */
async function runTask(
  name: string,
  args: readonly string[],
  { env, stop }: { env: NodeJS.ProcessEnv; stop: Promise<void> },
): Promise<number> {
  const script = path.join(repositoryRoot, 'apps', 'projector', 'src', name, 'main.ts');
  const child = spawn(process.execPath, [script, ...args], {
    env,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  void stop.then(() => child.kill('SIGTERM'));
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? FAILED;
}
