import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { runTool } from '../commandLine/runTool.ts';
import { withServers } from './withServers.ts';

const FAILED = 2;
const writeLine = (_name: string, line: string) => console.error(line);

/**
 * Runs a task of the projector as a process of its own, with the servers of the system, and ends this process with its
 * exit code: 2 when it could not be run. Ctrl-C stops the task in order.
 */
export function runProjectorTask(name: 'rebuild' | 'verify' | 'archive', args: readonly string[]): Promise<never> {
  return runTool(async ({ guard, stopped }) => {
    const dataDir = path.resolve(repositoryRoot, process.env['DATA_DIR'] || '.data');
    process.exitCode = await withServers({ dataDir, env: process.env, guard, writeLine }, async (env) => {
      const script = path.join(repositoryRoot, 'apps', 'projector', 'src', name, 'main.ts');
      // Detached: Ctrl-C must reach us alone. The task ends by itself when its IPC channel to us closes.
      const settings = { env, detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] } as const;
      const child = spawn(process.execPath, [script, ...args], { ...settings, stdio: [...settings.stdio] });
      void stopped.then(() => child.kill('SIGTERM'));
      const [code] = (await once(child, 'exit')) as [number | null];
      return code ?? FAILED;
    });
  }, FAILED);
}
