import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { programFile } from '@jobstream/servers';
import { dataDirOf } from '../commandLine/dataDir.ts';
import { reportFailure, runTool } from '../commandLine/runTool.ts';
import { NoSystemError, withServers } from './withServers.ts';

const FAILED = 2;
/** A verification without anything to verify has not found that all is well. */
const EXIT_CODE_WITHOUT_SYSTEM = { rebuild: FAILED, verify: 1, archive: FAILED };
const writeLine = (_name: string, line: string) => console.error(line);

type Task = keyof typeof EXIT_CODE_WITHOUT_SYSTEM;

interface OptionValues {
  readonly 'data-dir'?: string | undefined;
  readonly [name: string]: string | boolean | undefined;
}

interface Run {
  readonly env: NodeJS.ProcessEnv;
  readonly stopped: Promise<void>;
}

/**
 * Runs a task of the projector as a process of its own, with the servers of the system, and ends this process with its
 * exit code: 2 when it could not be run. Ctrl-C stops the task in order.
 *
 * @param values what `readCommandLine` has returned; all but the data folder is passed on to the task.
 */
export function runProjectorTask(name: Task, values: OptionValues): Promise<never> {
  return runTool(async ({ guard, stopped }) => {
    const options = { dataDir: dataDirOf(values), env: process.env, guard, writeLine };
    try {
      process.exitCode = await withServers(options, (env) => runToEnd(name, values, { env, stopped }));
    } catch (error) {
      if (!(error instanceof NoSystemError)) throw error;
      reportFailure(error, EXIT_CODE_WITHOUT_SYSTEM[name]);
    }
  }, FAILED);
}

async function runToEnd(name: Task, values: OptionValues, { env, stopped }: Run): Promise<number> {
  const script = programFile(`apps/projector/src/${name}/main`);
  // Detached: Ctrl-C must reach us alone. The task ends by itself when its IPC channel to us closes.
  const settings = { env, detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] } as const;
  const child = spawn(process.execPath, [script, ...argsOf(values)], { ...settings, stdio: [...settings.stdio] });
  void stopped.then(() => child.kill('SIGTERM'));
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? FAILED;
}

function argsOf({ 'data-dir': _ours, ...values }: OptionValues): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (typeof value === 'string') return [`--${name}=${value}`];
    return value === true ? [`--${name}`] : [];
  });
}
