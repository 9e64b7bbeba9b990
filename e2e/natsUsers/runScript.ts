import { execFile } from 'node:child_process';
import { repositoryRoot } from '@jobstream/tools';

export interface ScriptResult {
  /** The exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly output: string;
}

/** Runs a script of this repository to its end; `env` is all of its environment. */
export function runScript(script: string, env: Record<string, string>): Promise<ScriptResult> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [script], { cwd: repositoryRoot, env }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? child.signalCode ?? 'gone', output: stdout + stderr });
    });
  });
}
