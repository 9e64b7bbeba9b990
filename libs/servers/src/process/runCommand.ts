import { execFile } from 'node:child_process';

export interface CommandOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  timeoutMs?: number;
  uid?: number | undefined;
  gid?: number | undefined;
}

/**
 * Runs a program to its end.
 *
 * @returns its standard output.
 * @throws Error with the last line of its output when it fails.
 */
export function runCommand(command: string, args: string[], options: CommandOptions = {}): Promise<string> {
  const { cwd, env, timeoutMs = 120_000, uid, gid } = options;
  return new Promise((resolve, reject) => {
    const settings = {
      timeout: timeoutMs,
      maxBuffer: 64 * 1024 * 1024,
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    };
    execFile(command, args, settings, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} failed: ${reason(error, stderr || stdout)}`, { cause: error }));
    });
  });
}

function reason(error: Error & { killed?: boolean; code?: unknown }, output: string): string {
  if (error.killed === true) return 'it took too long';
  const lastLine = output.trim().split('\n').at(-1)?.trim();
  return lastLine || (error.code === 'ENOENT' ? 'it is not installed' : error.message);
}
