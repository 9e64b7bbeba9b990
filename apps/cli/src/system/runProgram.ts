import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { ExitCode } from '../command/exitCode.ts';
import type { Surroundings } from '../command/surroundings.ts';
import { isClone, serverProgram } from './serverPackage.ts';

interface ProgramRun {
  readonly program: string;
  readonly args: readonly string[];
}

/**
 * Runs a program of the system on the terminal of this process, with the data folder of the user.
 *
 * @param command what the user has typed after `jobstream`, for its help.
 * @returns its exit code.
 */
export async function runProgram(
  command: string,
  { program: name, args }: ProgramRun,
  surroundings: Surroundings,
): Promise<ExitCode> {
  const program = await serverProgram(name, surroundings);
  const { folder: cwd, signal } = surroundings;
  const env = programEnvironment(command, surroundings);
  const child = spawn(process.execPath, [program, ...args], { cwd, env, stdio: 'inherit' });
  // The terminal sends Ctrl-C to both; the programs take two within a second for one.
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const [code] = (await once(child, 'exit')) as [ExitCode | null];
  signal.removeEventListener('abort', stop);
  return code ?? ExitCode.failed;
}

function programEnvironment(command: string, { env, folder, home }: Surroundings): NodeJS.ProcessEnv {
  return {
    ...env,
    DATA_DIR: path.resolve(folder, env['DATA_DIR'] || '.data'),
    INIT_CWD: folder,
    JOBSTREAM_COMMAND: `${isClone(home) ? 'npm run jobstream --' : 'npx jobstream'} ${command}`,
    // The program stops when this process is gone.
    BOOTSTRAP_PID: String(process.pid),
  };
}
