import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot, runCommand } from '@jobstream/servers';
import { builtProgram } from '@jobstream/test-support';

export interface ProgramResult {
  /** The exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly output: string;
}

/** Runs a program to its end. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const child = execFile(program, args, options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? child.signalCode ?? 'gone', output: stdout + stderr });
    });
  });
}

/** Names the programs that are not on the PATH, each in one sentence. */
export function missingPrograms(...names: readonly string[]): readonly string[] {
  return names.filter((name) => !isOnPath(name)).map((name) => `${name} is not installed here`);
}

function isOnPath(name: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return folders.some((folder) => existsSync(path.join(folder, name)));
}

/** Runs a script of this repository to its end; `env` is all of its environment. */
export function runScript(script: string, env: Record<string, string>): Promise<ProgramResult> {
  const program = builtProgram(path.join(repositoryRoot, script));
  return runProgram(process.execPath, [program], { cwd: repositoryRoot, env });
}

/** Makes an API key as an operator does. */
export async function createApiKey(databaseUrl: string, scopes: string): Promise<string> {
  const args = [
    builtProgram(path.join(repositoryRoot, 'tools/keys.ts')),
    'create',
    '--name',
    'test',
    '--scopes',
    scopes,
  ];
  const env = { ...process.env, DATABASE_URL: databaseUrl };
  return (await runCommand(process.execPath, args, { cwd: repositoryRoot, env })).trim();
}
