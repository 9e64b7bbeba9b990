import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { RunningSystem } from '@jobstream/test-support';
import { runProgram } from '../harness/runProgram.ts';

/** Runs something in an empty folder outside the repository, where a user's project would be. */
export async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-language-'));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a user's process has: none of the settings of this one. */
export function environmentOf(system: RunningSystem): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', NATS_URL: system.nats, API: system.api };
}

/** Runs a program to its end and returns what it wrote; throws when it fails. `env` replaces its environment. */
export async function succeeds(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Record<string, string> },
): Promise<string> {
  const { code, output } = await runProgram(program, args, options);
  if (code !== 0) throw new Error(`it ended with ${code}:\n${output.trim().split('\n').slice(-40).join('\n')}`);
  return output;
}
