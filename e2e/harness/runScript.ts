import { runProgram, type ProgramResult } from './runProgram.ts';
import { repositoryRoot } from '@jobstream/servers';

/** Runs a script of this repository to its end; `env` is all of its environment. */
export function runScript(script: string, env: Record<string, string>): Promise<ProgramResult> {
  return runProgram(process.execPath, [script], { cwd: repositoryRoot, env });
}
