import { execFile } from 'node:child_process';
import { NotInstalledError } from './notInstalledError.ts';

const LIMIT_MS = 5 * 60_000;

/** Runs a program to its end: NotInstalledError, or one sentence that ends in the last line that it wrote. */
export function runProgram(program: string, args: readonly string[], cwd = '.'): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, [...args], { timeout: LIMIT_MS, cwd }, (error, stdout, stderr) => {
      if (error === null) resolve();
      else if (error.code === 'ENOENT') reject(new NotInstalledError(program, { cause: error }));
      else reject(new Error(`${program} failed: ${lastLine(stderr || stdout) || error.message}`, { cause: error }));
    });
  });
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}
