import { execFile } from 'node:child_process';

const LIMIT_MS = 10 * 60_000;

/** A program that a test needs is not installed on this machine. */
export class NotInstalledError extends Error {
  readonly code = 'NOT_INSTALLED';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NotInstalledError';
  }
}

/** Rejects with NotInstalledError, or with one sentence that ends in the last line that the program wrote. */
export function runInstaller(program: string, args: readonly string[], cwd = '.'): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, [...args], { timeout: LIMIT_MS, cwd }, (error, stdout, stderr) => {
      if (error === null) return resolve();
      if (error.code === 'ENOENT') {
        return reject(new NotInstalledError(`${program} is not installed here`, { cause: error }));
      }
      const lastLine = (stderr || stdout).trim().split('\n').at(-1);
      reject(new Error(`${program} failed: ${lastLine || error.message}`, { cause: error }));
    });
  });
}
